package dev.gatun.cpu.op;

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
import dev.gatun.spi.Decision;
import java.util.List;

/**
 * Every operator's form on the CPU.
 *
 * @param lanes how the loops in Java are written
 * @param matmul that operator's form
 * @param groupedMatmul that operator's form
 * @param attention that operator's form
 * @param mla that of latent attention
 */
public record OperatorKernels(Lanes lanes, OperatorKernel<Matmul> matmul, OperatorKernel<GroupedMatmul> groupedMatmul, OperatorKernel<Attention> attention,
    OperatorKernel<MlaAttention> mla) {
  private static final OperatorKernel<Operator> ELEMENTWISE = Elementwise.kernel();
  private static final OperatorKernel<Operator> ROWWISE = Rowwise.kernel();
  private static final OperatorKernel<Operator> BLOCKS = BlockRows.kernel();
  private static final RopeKernel ROPE = new RopeKernel();
  private static final EmbeddingKernel EMBEDDING = new EmbeddingKernel();
  private static final GatherRowsKernel GATHER_ROWS = new GatherRowsKernel();
  private static final CopyKernel COPY = new CopyKernel();
  private static final KvAppendKernel KV_APPEND = new KvAppendKernel();
  private static final ArgmaxKernel ARGMAX = new ArgmaxKernel();
  private static final TopKKernel TOP_K = new TopKKernel();
  private static final PenalizeKernel PENALIZE = new PenalizeKernel();
  private static final SampleKernel SAMPLE = new SampleKernel();
  private static final MoeRouteKernel MOE_ROUTE = new MoeRouteKernel();

  /** The decision about an operator. */
  public Decision plan(Operator operator, int workers) {
    return switch (operator) {
      case Matmul o -> matmul.plan(o, lanes, workers);
      case GroupedMatmul o -> groupedMatmul.plan(o, lanes, workers);
      case MoeRoute o -> MOE_ROUTE.plan(o, lanes, workers);
      case Rope o -> ROPE.plan(o, lanes, workers);
      case Embedding o -> EMBEDDING.plan(o, lanes, workers);
      case GatherRows o -> GATHER_ROWS.plan(o, lanes, workers);
      case Copy o -> COPY.plan(o, lanes, workers);
      case KvAppend o -> KV_APPEND.plan(o, lanes, workers);
      case Attention o -> attention.plan(o, lanes, workers);
      case MlaAttention o -> mla.plan(o, lanes, workers);
      case Argmax o -> ARGMAX.plan(o, lanes, workers);
      case TopK o -> TOP_K.plan(o, lanes, workers);
      case Penalize o -> PENALIZE.plan(o, lanes, workers);
      case Sample o -> SAMPLE.plan(o, lanes, workers);
      case RmsNorm _, LayerNorm _, Softmax _ -> ROWWISE.plan(operator, lanes, workers);
      case Add _, Mul _, Scale _, SiluMul _, Gelu _, GeluMul _, Softcap _ -> ELEMENTWISE.plan(operator, lanes, workers);
      case Quantize _, Dequantize _ -> BLOCKS.plan(operator, lanes, workers);
    };
  }

  /** The steps of an operator that has a plan. */
  public List<Step> bind(Operator operator, Binding binding) {
    return switch (operator) {
      case Matmul o -> matmul.bind(o, lanes, binding);
      case GroupedMatmul o -> groupedMatmul.bind(o, lanes, binding);
      case MoeRoute o -> MOE_ROUTE.bind(o, lanes, binding);
      case Rope o -> ROPE.bind(o, lanes, binding);
      case Embedding o -> EMBEDDING.bind(o, lanes, binding);
      case GatherRows o -> GATHER_ROWS.bind(o, lanes, binding);
      case Copy o -> COPY.bind(o, lanes, binding);
      case KvAppend o -> KV_APPEND.bind(o, lanes, binding);
      case Attention o -> attention.bind(o, lanes, binding);
      case MlaAttention o -> mla.bind(o, lanes, binding);
      case Argmax o -> ARGMAX.bind(o, lanes, binding);
      case TopK o -> TOP_K.bind(o, lanes, binding);
      case Penalize o -> PENALIZE.bind(o, lanes, binding);
      case Sample o -> SAMPLE.bind(o, lanes, binding);
      case RmsNorm _, LayerNorm _, Softmax _ -> ROWWISE.bind(operator, lanes, binding);
      case Add _, Mul _, Scale _, SiluMul _, Gelu _, GeluMul _, Softcap _ -> ELEMENTWISE.bind(operator, lanes, binding);
      case Quantize _, Dequantize _ -> BLOCKS.bind(operator, lanes, binding);
    };
  }
}
