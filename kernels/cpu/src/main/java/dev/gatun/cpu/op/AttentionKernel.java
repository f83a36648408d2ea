package dev.gatun.cpu.op;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.KvCache;
import dev.gatun.spi.Decision;
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

  /** {@code tiles} gives what goes over a tile of keys and values of a type in C, if there is such a thing. */
  public AttentionKernel(Function<DType, Optional<TileAttention>> tiles) {
    this.tiles = tiles;
  }

  /** What goes over the tiles of such an attention. */
  static Optional<TileAttention> tiles(Function<DType, Optional<TileAttention>> all, Lanes lanes, AttentionShape shape, Attention.Options options) {
    if (options.softcap() > 0 || options.maxBias() > 0) {
      return Optional.empty();
    }
    int block = shape.seen().blockSize();
    boolean whole = shape.keySize() % block == 0 && shape.valueSize() % block == 0;
    return (whole ? all.apply(shape.seen()) : Optional.<TileAttention>empty()).or(() -> lanes == Lanes.VECTOR ? VectorTiles.of(shape) : Optional.empty());
  }

  /**
   * How the work is cut.
   *
   * @param block tokens of a unit
   * @param range positions of a unit; a power of two
   * @param ranges ranges there are at most; 1 where the context is not split
   */
  record Cut(int block, int range, int ranges) {
    static Cut of(AttentionShape shape, Optional<TileAttention> tiles, int workers) {
      return of(shape, tiles, workers, LEAST_RANGE);
    }

    /** Ranges of no fewer positions than {@code least}, a power of two. */
    static Cut of(AttentionShape shape, Optional<TileAttention> tiles, int workers, int least) {
      long tokens = shape.tokens();
      if (tokens > FEW_TOKENS) {
        int most = Math.max(MOST_BLOCK, tiles.map(TileAttention::rows).orElse(1) / shape.group());
        return new Cut(Math.clamp(tokens * shape.heads() / (4L * workers), 1, most), 1 << 30, 1);
      }
      long range = least;
      while (range * MOST_RANGES < shape.context()) {
        range *= 2;
      }
      return new Cut(1, (int) range, (int) Math.max(1, Math.ceilDiv(shape.context(), range)));
    }

    String tile() {
      return (block == 1 ? "tokens" : "blocks of " + block + " tokens") + (ranges > 1 ? ", ranges of " + range + " positions" : "");
    }
  }

  @Override
  public Decision plan(Attention operator, Lanes lanes, int workers) {
    if (operator.kv() instanceof Kv.Paged paged && KvAppendKernel.refusal(paged.cache().spec()).isPresent()) {
      return KvAppendKernel.refusal(paged.cache().spec()).get();
    }
    return Plans.refusal(operator).orElseGet(() -> {
      AttentionShape shape = AttentionShape.of(operator);
      Optional<TileAttention> tile = tiles(tiles, lanes, shape, operator.options());
      Cut cut = Cut.of(shape, tile, workers);
      long seen = shape.context();
      long bytes = CpuPlan.bytes(operator);
      if (operator.kv() instanceof Kv.Paged paged) {
        KvCache.Spec spec = paged.cache().spec();
        seen = operator.options().window() > 0 ? Math.min(seen, operator.options().window()) : seen;
        bytes += Math.min(operator.batch().slots().size(0), operator.q().size(0)) * spec.slotTokens() * spec.bytesPerTokenAndLayer();
      }
      long flops = 2 * seen * operator.q().size(0) * operator.q().size(1) * (operator.q().size(2) + operator.y().size(2));
      String kernel = "attention_" + operator.q().dtype().label() + "_" + shape.kept().label() + "_" + form(tile, lanes);
      return new CpuPlan(kernel, cut.tile(), AttentionUnits.workspace(shape, cut, tile, workers), bytes, flops, List.of());
    });
  }

  /** How a kernel's name ends. */
  static String form(Optional<TileAttention> tile, Lanes lanes) {
    return tile.map(TileAttention::label).orElseGet(() -> lanes.name().toLowerCase(Locale.ROOT));
  }

  @Override
  public List<Step> bind(Attention operator, Lanes lanes, Binding binding) {
    AttentionShape shape = AttentionShape.of(operator);
    Optional<TileAttention> tile = tiles(tiles, lanes, shape, operator.options());
    return new AttentionUnits(shape, AttentionInputs.of(operator, binding), Cut.of(shape, tile, binding.workers()), binding.math(), tile, Optional.empty(),
        binding, 0).steps();
  }
}
