package dev.gatun.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Attention;
import dev.gatun.Embedding;
import dev.gatun.GatherRows;
import dev.gatun.GroupedMatmul;
import dev.gatun.Kv;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.Matmul;
import dev.gatun.MlaAttention;
import dev.gatun.Operator;
import dev.gatun.Tensor;
import dev.gatun.spi.Plan;

/**
 * The bytes that an operator must move and the operations that it must do, counted from its shapes and types alone: what figures are divided by is nothing that a
 * kernel chooses.
 */
final class CountedWork {
  /** No operator but products and attention does more for an element of its operands. */
  private static final long MOST_FLOPS_PER_ELEMENT = 64;

  private CountedWork() {}

  /** Holds a plan to its operator. */
  static void check(Operator operator, Plan plan) {
    assertThat(plan.bytes()).as("bytes of %s by %s", operator.toCase().line(), plan.kernel()).isEqualTo(bytes(operator));
    switch (operator) {
      case Matmul o -> assertThat(plan.flops()).as("flops of %s", o.toCase().line()).isEqualTo(2 * o.x().size(0) * o.w().size(0) * o.w().size(1));
      case Attention o -> assertThat(plan.flops()).as("flops of %s", o.toCase().line())
          .isEqualTo(2 * pairs(o) * o.q().size(1) * (o.q().size(2) + o.y().size(2)));
      case MlaAttention o -> assertThat(plan.flops()).as("flops of %s", o.toCase().line()).isEqualTo(Math.min(absorbed(o), expanded(o)));
      case GroupedMatmul o -> assertThat(plan.flops()).as("flops of %s", o.toCase().line())
          .isEqualTo(2 * o.chosen().shape().elements() * o.w().size(1) * (o.w().size(2) + (o.gates().isPresent() ? 1 : 0)));
      default -> assertThat(plan.flops()).as("flops of %s", operator.toCase().line())
          .isBetween(0L, MOST_FLOPS_PER_ELEMENT * operator.operands().stream().mapToLong(o -> o.tensor().shape().elements()).sum());
    }
  }

  /** Every query through W_uk, over all latent rows, and through W_uv. */
  private static long absorbed(MlaAttention o) {
    KvCache.Spec spec = o.latents().cache().spec();
    long perHead = o.up().rank() * (long) (o.up().nope() + o.up().valueSize()) + spec.slotTokens() * (spec.keySize() + (long) o.up().rank());
    return 2 * o.qNope().size(0) * o.up().heads() * perHead;
  }

  /** Every sequence's latent rows made keys and values of all heads, and every query over them. */
  private static long expanded(MlaAttention o) {
    long positions = o.latents().cache().spec().slotTokens();
    long made = Math.min(o.batch().slots().size(0), o.qNope().size(0)) * positions * o.up().rank() * (o.up().nope() + o.up().valueSize());
    return 2 * o.up().heads() * (made + o.qNope().size(0) * positions * (o.up().nope() + o.qRope().size(2) + o.up().valueSize()));
  }

  /** Every operand once; of tables and caches what is looked at. */
  private static long bytes(Operator operator) {
    return switch (operator) {
      case Embedding o -> size(o.ids()) + size(o.y()) + o.ids().shape().elements() * o.table().dtype().bytes(o.table().size(1));
      case GatherRows o -> size(o.rows()) + 2 * size(o.y());
      case GroupedMatmul o -> operands(o) - size(o.w()) / o.w().size(0) * (o.w().size(0) - o.mostExperts())
          - o.bias().map(b -> size(b) / o.w().size(0) * (o.w().size(0) - o.mostExperts())).orElse(0L);
      case KvAppend o -> operands(o) + (o.k().size(0) * o.kv().spec().bytesPerTokenAndLayer());
      // Latent rows serve all heads, as keys and as values.
      case MlaAttention o -> operands(o) + Math.min(o.batch().slots().size(0), o.qNope().size(0)) * o.latents().cache().spec().slotTokens()
          * o.latents().cache().spec().dtype().bytes(o.latents().cache().spec().keySize());
      case Attention o -> operands(o) + switch (o.kv()) {
        case Kv.Dense _ -> 0;
        case Kv.Paged paged -> cached(o, paged.cache().spec());
      };
      default -> operands(operator);
    };
  }

  private static long cached(Attention o, KvCache.Spec spec) {
    long sequences = Math.min(o.batch().slots().size(0), o.q().size(0));
    return sequences * spec.slotTokens() * spec.bytesPerTokenAndLayer();
  }

  private static long operands(Operator operator) {
    return operator.operands().stream().mapToLong(operand -> size(operand.tensor())).sum();
  }

  /** A weight that was laid out anew is as long as its buffer. */
  private static long size(Tensor tensor) {
    return tensor.isPlain() ? tensor.shape().elements() / tensor.dtype().blockSize() * tensor.dtype().blockBytes() : tensor.storage().bytes();
  }

  /** Token by token of the last tokens of a sequence. */
  private static long pairs(Attention o) {
    long keys = switch (o.kv()) {
      case Kv.Dense dense -> dense.k().size(0);
      case Kv.Paged paged -> paged.cache().spec().slotTokens();
    };
    boolean apart = !o.options().causal() || o.batch().slots().size(0) > 1;
    int window = o.options().window();
    long pairs = 0;
    for (long back = 0; back < o.q().size(0); back++) {
      long seen = apart || back >= keys ? keys : keys - back;
      pairs += window > 0 ? Math.min(window, keys) : seen;
    }
    return pairs;
  }
}
