package dev.gatun.tornado.op;

import dev.gatun.Attention;
import dev.gatun.Dequantize;
import dev.gatun.KvAppend;
import dev.gatun.Operator;
import dev.gatun.RmsNorm;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import dev.gatun.tornado.kernel.Launch;
import java.util.List;

/** Every operator's form on TornadoVM. */
public final class Operators {
  private static final AttentionKernel ATTENTION = new AttentionKernel();
  private static final DequantizeKernel DEQUANTIZE = new DequantizeKernel();
  private static final KvAppendKernel KV_APPEND = new KvAppendKernel();
  private static final RmsNormKernel RMS_NORM = new RmsNormKernel();

  private Operators() {}

  /** The decision about an operator. */
  public static Decision plan(Operator operator, Traits traits) {
    return switch (operator) {
      case Attention o -> ATTENTION.plan(o, traits);
      case Dequantize o -> DEQUANTIZE.plan(o, traits);
      case KvAppend o -> KV_APPEND.plan(o, traits);
      case RmsNorm o -> RMS_NORM.plan(o, traits);
      default -> new Unsupported(operator.name() + " has no TornadoVM kernel");
    };
  }

  /** The launches of an operator that has a plan. */
  public static List<Launch> launches(Operator operator, Traits traits, Binding binding) {
    return switch (operator) {
      case Attention o -> ATTENTION.launches(o, traits, binding);
      case Dequantize o -> DEQUANTIZE.launches(o, traits, binding);
      case KvAppend o -> KV_APPEND.launches(o, traits, binding);
      case RmsNorm o -> RMS_NORM.launches(o, traits, binding);
      default -> throw new IllegalStateException(operator.name() + " has no kernel");
    };
  }
}
