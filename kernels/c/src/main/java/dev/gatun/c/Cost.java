package dev.gatun.c;

import dev.gatun.Argmax;
import dev.gatun.Attention;
import dev.gatun.Copy;
import dev.gatun.Dequantize;
import dev.gatun.Embedding;
import dev.gatun.GatherRows;
import dev.gatun.Kv;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.LayerNorm;
import dev.gatun.Matmul;
import dev.gatun.Operator;
import dev.gatun.Quantize;
import dev.gatun.RmsNorm;
import dev.gatun.Rope;
import dev.gatun.Tensor;

/** What an operator must move and do, whoever does it, at the bounds of varying sizes. */
final class Cost {
  private Cost() {}

  /** Bytes: every operand once; of looked-up tables the rows looked up, of caches the positions that there can be. */
  static long bytes(Operator operator) {
    return switch (operator) {
      case Embedding o -> bytes(o.ids()) + bytes(o.y()) + o.table().dtype().bytes(o.table().size(1)) * o.ids().size(0);
      case GatherRows o -> bytes(o.rows()) + 2 * bytes(o.y());
      case KvAppend o -> operands(o) + o.k().size(0) * o.kv().spec().bytesPerTokenAndLayer();
      case Attention o when o.kv() instanceof Kv.Paged paged -> operands(o) + cached(o, paged.cache().spec());
      default -> operands(operator);
    };
  }

  private static long cached(Attention o, KvCache.Spec spec) {
    return Math.min(o.batch().slots().size(0), o.q().size(0)) * spec.slotTokens() * spec.bytesPerTokenAndLayer();
  }

  private static long operands(Operator operator) {
    return operator.operands().stream().mapToLong(operand -> bytes(operand.tensor())).sum();
  }

  private static long bytes(Tensor tensor) {
    return tensor.dtype().bytes(tensor.shape().elements());
  }

  /** Floating-point operations; of transcendental functions each counts as one. */
  static long flops(Operator operator) {
    long elements = operator.writes().stream().mapToLong(t -> t.shape().elements()).sum();
    return switch (operator) {
      case Matmul o -> 2 * o.x().size(0) * o.x().size(1) * o.w().size(0);
      case Attention o -> 2 * seen(o) * o.q().size(0) * o.q().size(1) * (o.q().size(2) + o.y().size(2));
      case RmsNorm _ -> 4 * elements;
      case LayerNorm _ -> 7 * elements;
      case Rope o -> 3 * elements / Math.max(1, o.x().size(2)) * o.rotation().dims();
      case Copy _, Dequantize _, Quantize _, Embedding _, GatherRows _, KvAppend _, Argmax _ -> 0;
      default -> elements;
    };
  }

  /** The most keys that a token sees. */
  private static long seen(Attention o) {
    long keys = switch (o.kv()) {
      case Kv.Dense dense -> dense.k().size(0);
      case Kv.Paged paged -> paged.cache().spec().slotTokens();
    };
    return o.options().causal() && o.options().window() > 0 ? Math.min(keys, o.options().window()) : keys;
  }
}
