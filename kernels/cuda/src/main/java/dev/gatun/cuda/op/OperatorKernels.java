package dev.gatun.cuda.op;

import dev.gatun.Add;
import dev.gatun.Attention;
import dev.gatun.Copy;
import dev.gatun.Dequantize;
import dev.gatun.Embedding;
import dev.gatun.GatherRows;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.KvAppend;
import dev.gatun.LayerNorm;
import dev.gatun.Matmul;
import dev.gatun.Mul;
import dev.gatun.Operator;
import dev.gatun.Quantize;
import dev.gatun.RmsNorm;
import dev.gatun.Rope;
import dev.gatun.Scale;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Softmax;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import java.util.Optional;

/** Every operator's form on CUDA devices. */
public final class OperatorKernels {
  private static final ElementwiseKernel ELEMENTWISE = new ElementwiseKernel();
  private static final MatmulKernel MATMUL = new MatmulKernel();
  private static final NormKernel NORM = new NormKernel();
  private static final SoftmaxKernel SOFTMAX = new SoftmaxKernel();
  private static final RopeKernel ROPE = new RopeKernel();
  private static final AttentionKernel ATTENTION = new AttentionKernel();
  private static final KvAppendKernel KV_APPEND = new KvAppendKernel();
  private static final QuantizeKernel QUANTIZE = new QuantizeKernel();
  private static final DequantizeKernel DEQUANTIZE = new DequantizeKernel();
  private static final EmbeddingKernel EMBEDDING = new EmbeddingKernel();
  private static final GatherRowsKernel GATHER_ROWS = new GatherRowsKernel();
  private static final CopyKernel COPY = new CopyKernel();

  private OperatorKernels() {}

  /** The decision about an operator. */
  public static Decision plan(Operator operator, Gpu gpu) {
    return form(operator).map(form -> form.plan(operator, gpu)).orElseGet(() -> new Unsupported("no kernel of the CUDA backend computes " + operator.name()));
  }

  /** Adds the launches of an operator that has a plan. */
  public static void bind(Operator operator, CudaPlan plan, Binding binding) {
    form(operator).orElseThrow().bind(operator, plan, binding);
  }

  /** The form made for exactly this operator's type. */
  private static Optional<OperatorKernel<Operator>> form(Operator operator) {
    return switch (operator) {
      case Add _, Mul _, Scale _, SiluMul _, Gelu _, GeluMul _, Softcap _ -> Optional.of(of(ELEMENTWISE));
      case Matmul _ -> Optional.of(of(MATMUL));
      case RmsNorm _, LayerNorm _ -> Optional.of(of(NORM));
      case Softmax _ -> Optional.of(of(SOFTMAX));
      case Rope _ -> Optional.of(of(ROPE));
      case Attention _ -> Optional.of(of(ATTENTION));
      case KvAppend _ -> Optional.of(of(KV_APPEND));
      case Quantize _ -> Optional.of(of(QUANTIZE));
      case Dequantize _ -> Optional.of(of(DEQUANTIZE));
      case Embedding _ -> Optional.of(of(EMBEDDING));
      case GatherRows _ -> Optional.of(of(GATHER_ROWS));
      case Copy _ -> Optional.of(of(COPY));
      default -> Optional.empty();
    };
  }

  @SuppressWarnings("unchecked")
  private static OperatorKernel<Operator> of(OperatorKernel<? extends Operator> form) {
    return (OperatorKernel<Operator>) form;
  }
}
