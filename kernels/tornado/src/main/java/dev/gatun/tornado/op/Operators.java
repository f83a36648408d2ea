package dev.gatun.tornado.op;

import dev.gatun.Add;
import dev.gatun.Argmax;
import dev.gatun.Attention;
import dev.gatun.Copy;
import dev.gatun.Dequantize;
import dev.gatun.Embedding;
import dev.gatun.GatherRows;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.LayerNorm;
import dev.gatun.Matmul;
import dev.gatun.MlaAttention;
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
import dev.gatun.spi.Unsupported;
import dev.gatun.tornado.kernel.Launch;
import java.util.List;
import java.util.Optional;

/** Every operator's form on TornadoVM. */
public final class Operators {
  private static final DequantizeKernel DEQUANTIZE = new DequantizeKernel();
  private static final MatmulKernel MATMUL = new MatmulKernel();
  private static final AttentionKernel ATTENTION = new AttentionKernel();
  private static final KvAppendKernel KV_APPEND = new KvAppendKernel();
  private static final CopyKernel COPY = new CopyKernel();
  private static final EmbeddingKernel EMBEDDING = new EmbeddingKernel();
  private static final GatherRowsKernel GATHER_ROWS = new GatherRowsKernel();
  private static final QuantizeKernel QUANTIZE = new QuantizeKernel();
  private static final RmsNormKernel RMS_NORM = new RmsNormKernel();
  private static final ElementwiseKernel ELEMENTWISE = new ElementwiseKernel();
  private static final RopeKernel ROPE = new RopeKernel();
  private static final LayerNormKernel LAYER_NORM = new LayerNormKernel();
  private static final SoftmaxKernel SOFTMAX = new SoftmaxKernel();
  private static final ArgmaxKernel ARGMAX = new ArgmaxKernel();
  private static final PenalizeKernel PENALIZE = new PenalizeKernel();
  private static final TopKKernel TOP_K = new TopKKernel();
  private static final SampleKernel SAMPLE = new SampleKernel();

  private Operators() {}

  /** The decision about an operator. */
  public static Decision plan(Operator operator, Traits traits) {
    return switch (operator) {
      case Dequantize o -> DEQUANTIZE.plan(o, traits);
      case Matmul o -> MATMUL.plan(o, traits);
      case Attention o -> ATTENTION.plan(o, traits);
      case KvAppend o -> KV_APPEND.plan(o, traits);
      case Copy o -> COPY.plan(o, traits);
      case Embedding o -> EMBEDDING.plan(o, traits);
      case GatherRows o -> GATHER_ROWS.plan(o, traits);
      case Quantize o -> QUANTIZE.plan(o, traits);
      case RmsNorm o -> RMS_NORM.plan(o, traits);
      case Add _, Mul _, Scale _, SiluMul _, Gelu _, GeluMul _, Softcap _ -> ELEMENTWISE.plan(operator, traits);
      case Rope o -> ROPE.plan(o, traits);
      case LayerNorm o -> LAYER_NORM.plan(o, traits);
      case Softmax o -> SOFTMAX.plan(o, traits);
      case Argmax o -> ARGMAX.plan(o, traits);
      case Penalize o -> PENALIZE.plan(o, traits);
      case TopK o -> TOP_K.plan(o, traits);
      case Sample o -> SAMPLE.plan(o, traits);
      case MlaAttention o -> Steps.refusal(o.latents().cache().spec()).orElseThrow();
      default -> new Unsupported(operator.name() + " has no TornadoVM kernel");
    };
  }

  /** Why there can be no cache of this geometry; empty where there can. */
  public static Optional<Unsupported> cacheRefusal(KvCache.Spec spec) {
    return Steps.refusal(spec);
  }

  /** The launches of an operator that has a plan. */
  public static List<Launch> launches(Operator operator, Traits traits, Binding binding) {
    return switch (operator) {
      case Dequantize o -> DEQUANTIZE.launches(o, traits, binding);
      case Matmul o -> MATMUL.launches(o, traits, binding);
      case Attention o -> ATTENTION.launches(o, traits, binding);
      case KvAppend o -> KV_APPEND.launches(o, traits, binding);
      case Copy o -> COPY.launches(o, traits, binding);
      case Embedding o -> EMBEDDING.launches(o, traits, binding);
      case GatherRows o -> GATHER_ROWS.launches(o, traits, binding);
      case Quantize o -> QUANTIZE.launches(o, traits, binding);
      case RmsNorm o -> RMS_NORM.launches(o, traits, binding);
      case Add _, Mul _, Scale _, SiluMul _, Gelu _, GeluMul _, Softcap _ -> ELEMENTWISE.launches(operator, traits, binding);
      case Rope o -> ROPE.launches(o, traits, binding);
      case LayerNorm o -> LAYER_NORM.launches(o, traits, binding);
      case Softmax o -> SOFTMAX.launches(o, traits, binding);
      case Argmax o -> ARGMAX.launches(o, traits, binding);
      case Penalize o -> PENALIZE.launches(o, traits, binding);
      case TopK o -> TOP_K.launches(o, traits, binding);
      case Sample o -> SAMPLE.launches(o, traits, binding);
      default -> throw new IllegalStateException(operator.name() + " has no kernel");
    };
  }
}
