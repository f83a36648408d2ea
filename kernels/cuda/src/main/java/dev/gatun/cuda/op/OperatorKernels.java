package dev.gatun.cuda.op;

import dev.gatun.Add;
import dev.gatun.Argmax;
import dev.gatun.Attention;
import dev.gatun.Copy;
import dev.gatun.Dequantize;
import dev.gatun.Embedding;
import dev.gatun.GatherRows;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.GroupedMatmul;
import dev.gatun.KvAppend;
import dev.gatun.LayerNorm;
import dev.gatun.Matmul;
import dev.gatun.MlaAttention;
import dev.gatun.MoeRoute;
import dev.gatun.Mul;
import dev.gatun.Operator;
import dev.gatun.Penalize;
import dev.gatun.Quantize;
import dev.gatun.RmsNorm;
import dev.gatun.Rope;
import dev.gatun.Sample;
import dev.gatun.Scale;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Softmax;
import dev.gatun.TopK;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.spi.Decision;

/** Every operator's form on CUDA devices. */
public final class OperatorKernels {
  private static final ElementwiseKernel ELEMENTWISE = new ElementwiseKernel();
  private static final MatmulKernel MATMUL = new MatmulKernel();
  private static final NormKernel NORM = new NormKernel();
  private static final SoftmaxKernel SOFTMAX = new SoftmaxKernel();
  private static final RopeKernel ROPE = new RopeKernel();
  private static final AttentionKernel ATTENTION = new AttentionKernel();
  private static final MlaKernel MLA_ATTENTION = new MlaKernel();
  private static final KvAppendKernel KV_APPEND = new KvAppendKernel();
  private static final QuantizeKernel QUANTIZE = new QuantizeKernel();
  private static final DequantizeKernel DEQUANTIZE = new DequantizeKernel();
  private static final EmbeddingKernel EMBEDDING = new EmbeddingKernel();
  private static final GatherRowsKernel GATHER_ROWS = new GatherRowsKernel();
  private static final CopyKernel COPY = new CopyKernel();
  private static final ArgmaxKernel ARGMAX = new ArgmaxKernel();
  private static final TopKKernel TOP_K = new TopKKernel();
  private static final PenalizeKernel PENALIZE = new PenalizeKernel();
  private static final SampleKernel SAMPLE = new SampleKernel();
  private static final GroupedMatmulKernel GROUPED_MATMUL = new GroupedMatmulKernel();
  private static final MoeRouteKernel MOE_ROUTE = new MoeRouteKernel();

  private OperatorKernels() {}

  /** The decision about an operator. */
  public static Decision plan(Operator operator, Gpu gpu) {
    return form(operator).plan(operator, gpu);
  }

  /** Adds the launches of an operator that has a plan. */
  public static void bind(Operator operator, CudaPlan plan, Binding binding) {
    form(operator).bind(operator, plan, binding);
  }

  /** The form made for exactly this operator's type. */
  private static OperatorKernel<Operator> form(Operator operator) {
    return switch (operator) {
      case Add _, Mul _, Scale _, SiluMul _, Gelu _, GeluMul _, Softcap _ -> of(ELEMENTWISE);
      case Matmul _ -> of(MATMUL);
      case GroupedMatmul _ -> of(GROUPED_MATMUL);
      case MoeRoute _ -> of(MOE_ROUTE);
      case RmsNorm _, LayerNorm _ -> of(NORM);
      case Softmax _ -> of(SOFTMAX);
      case Rope _ -> of(ROPE);
      case Attention _ -> of(ATTENTION);
      case MlaAttention _ -> of(MLA_ATTENTION);
      case KvAppend _ -> of(KV_APPEND);
      case Quantize _ -> of(QUANTIZE);
      case Dequantize _ -> of(DEQUANTIZE);
      case Embedding _ -> of(EMBEDDING);
      case GatherRows _ -> of(GATHER_ROWS);
      case Copy _ -> of(COPY);
      case Argmax _ -> of(ARGMAX);
      case TopK _ -> of(TOP_K);
      case Penalize _ -> of(PENALIZE);
      case Sample _ -> of(SAMPLE);
    };
  }

  @SuppressWarnings("unchecked")
  private static OperatorKernel<Operator> of(OperatorKernel<? extends Operator> form) {
    return (OperatorKernel<Operator>) form;
  }
}
