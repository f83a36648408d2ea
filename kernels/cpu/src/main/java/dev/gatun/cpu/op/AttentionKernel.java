package dev.gatun.cpu.op;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.KvCache;
import dev.gatun.spi.Decision;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * Attention with the online softmax (Milakov and Gimelshein 2018) over tiles of keys, all query heads of a key/value head together. Many tokens: a unit
 * is a block of tokens and a head. Few tokens: a unit is a token, a head and a fixed range of positions, so that a long context occupies every worker;
 * a second step merges the ranges in ascending order (Dao et al. 2023, split-KV). How a range is cut depends on positions alone.
 */
public final class AttentionKernel implements OperatorKernel<Attention> {
  /** At most this many tokens are split along their context. */
  static final int FEW_TOKENS = 8;
  private static final int LEAST_RANGE = 512;
  private static final int MOST_RANGES = 64;
  private static final int MOST_BLOCK = 8;

  private final Function<DType, Optional<TileAttention>> tiles;

  /** {@code tiles} gives what goes over a tile of keys and values of a type instead of Java, if there is such a thing. */
  public AttentionKernel(Function<DType, Optional<TileAttention>> tiles) {
    this.tiles = tiles;
  }

  /** What goes over the tiles of this one instead of Java. */
  private Optional<TileAttention> tiles(Attention operator) {
    return operator.options().softcap() > 0 || operator.q().size(2) % kept(operator).blockSize() != 0 || operator.y().size(2) % kept(operator).blockSize() != 0
        ? Optional.empty() : tiles.apply(kept(operator));
  }

  /**
   * How the work is cut.
   *
   * @param block tokens of a unit
   * @param range positions of a unit; a power of two
   * @param ranges ranges there are at most; 1 where the context is not split
   */
  record Cut(int block, int range, int ranges) {
    static Cut of(Attention operator, int workers) {
      long tokens = operator.q().size(0);
      long context = context(operator);
      if (tokens > FEW_TOKENS) {
        return new Cut(Math.clamp(tokens * heads(operator) / (4L * workers), 1, MOST_BLOCK), 1 << 30, 1);
      }
      long range = LEAST_RANGE;
      while (range * MOST_RANGES < context) {
        range *= 2;
      }
      return new Cut(1, (int) range, (int) Math.max(1, Math.ceilDiv(context, range)));
    }

    String tile() {
      return (block == 1 ? "tokens" : "blocks of " + block + " tokens") + (ranges > 1 ? ", ranges of " + range + " positions" : "");
    }
  }

  static int heads(Attention operator) {
    return switch (operator.kv()) {
      case Kv.Dense dense -> (int) dense.k().size(1);
      case Kv.Paged paged -> paged.cache().spec().heads();
    };
  }

  private static long context(Attention operator) {
    return switch (operator.kv()) {
      case Kv.Dense dense -> dense.k().size(0);
      case Kv.Paged paged -> paged.cache().spec().slotTokens() + 1L;
    };
  }

  static DType kept(Attention operator) {
    return switch (operator.kv()) {
      case Kv.Dense dense -> dense.k().dtype();
      case Kv.Paged paged -> paged.cache().spec().dtype();
    };
  }

  @Override
  public Decision plan(Attention operator, Lanes lanes, int workers) {
    if (operator.kv() instanceof Kv.Paged paged && KvAppendKernel.refusal(paged.cache().spec()).isPresent()) {
      return KvAppendKernel.refusal(paged.cache().spec()).get();
    }
    return Plans.refusal(operator).orElseGet(() -> {
      Cut cut = Cut.of(operator, workers);
      long seen = context(operator);
      long bytes = CpuPlan.bytes(operator);
      if (operator.kv() instanceof Kv.Paged paged) {
        KvCache.Spec spec = paged.cache().spec();
        seen = operator.options().window() > 0 ? Math.min(seen, operator.options().window()) : seen;
        bytes += Math.min(operator.batch().slots().size(0), operator.q().size(0)) * spec.slotTokens() * spec.bytesPerTokenAndLayer();
      }
      long flops = 2 * seen * operator.q().size(0) * operator.q().size(1) * (operator.q().size(2) + operator.y().size(2));
      String kernel = "attention_" + operator.q().dtype().label() + "_" + kept(operator).label() + "_"
          + tiles(operator).map(TileAttention::label).orElseGet(() -> lanes.name().toLowerCase(Locale.ROOT));
      long workspace = Scratch.bytes(workers, AttentionScratch.of(operator, cut, tiles(operator)).bytes()) + partials(operator, cut);
      return new CpuPlan(kernel, cut.tile(), workspace, bytes, flops, List.of());
    });
  }

  private static long partials(Attention operator, Cut cut) {
    return cut.ranges == 1 ? 0 : operator.q().size(0) * operator.q().size(1) * cut.ranges * partialBytes(operator);
  }

  /** The largest score, the sum of weights, and the weighted sum of values. */
  static long partialBytes(Attention operator) {
    return Scratch.align(8 + 4 * operator.y().size(2));
  }

  @Override
  public List<Step> bind(Attention operator, Lanes lanes, Binding binding) {
    Cut cut = Cut.of(operator, binding.workers());
    AttentionUnits units = new AttentionUnits(operator, cut, binding.math(), tiles(operator), binding);
    List<Step> steps = new ArrayList<>(List.of(units));
    if (cut.ranges > 1) {
      steps.add(units.merge());
    }
    return steps;
  }
}
