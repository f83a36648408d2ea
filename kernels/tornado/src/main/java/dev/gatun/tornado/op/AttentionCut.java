package dev.gatun.tornado.op;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.tornado.kernel.AnyAttention;
import dev.gatun.tornado.kernel.Kernel;
import dev.gatun.tornado.kernel.Sequences;
import dev.gatun.tornado.kernel.TileAttention;
import java.util.List;

/**
 * How an attention is cut, by the bounds of its sizes alone.
 *
 * @param kernel the kernel that goes over keys and values
 * @param tokens tokens of a tile
 * @param heads query heads of a tile
 * @param ranges ranges that positions are cut into
 * @param positions positions of a range
 * @param keys positions that are in local memory at a time
 * @param rejected other cuts with the reasons against them
 */
record AttentionCut(Kernel kernel, int tokens, int heads, int ranges, int positions, int keys, List<String> rejected) {
  /** At most this many tokens read keys again each rather than be a tile: a tile a key/value head is too few groups for a long context. */
  private static final int FEW_TOKENS = 8;
  private static final int WAVES = 4;
  private static final int MOST_RANGES = 64;
  private static final int LEAST_RANGE = 256;

  static AttentionCut of(Attention o, Traits traits) {
    boolean large = traits.holds(kernel(o, TileAttention.Size.LARGE));
    TileAttention.Size size = large ? TileAttention.Size.LARGE : TileAttention.Size.SMALL;
    Kernel kernel = kernel(o, size);
    int width = Math.max(width(o.q().size(2)), width(o.y().size(2)));
    int keys = Math.min(size.mostKeys(), Integer.highestOneBit(Math.max(1, size.keyElements() / width)));
    int rows = Math.min(size.mostRows(), size.rowElements() / width / 4 * 4);
    if (!traits.holds(kernel)) {
      return any(o, "tiles: they take " + kernel.localBytes() + " bytes of local memory, the device has " + traits.localBytes());
    }
    if (rows < 4) {
      return any(o, "tiles: heads of " + Math.max(o.q().size(2), o.y().size(2)) + " elements, of which four rows do not fit local memory");
    }
    int group = group(o);
    int heads = Math.min(group, rows);
    long tokens = o.q().size(0);
    boolean few = tokens <= FEW_TOKENS || tokens == o.batch().slots().size(0);
    if (!few) {
      return new AttentionCut(kernel, Math.max(1, rows / heads), heads, 1, 0, keys, List.of("ranges of positions: as many tokens fill the device"));
    }
    long groups = Math.max(1, tokens * heads(o) * Math.ceilDiv(group, heads));
    long context = context(o);
    long ranges = Math.clamp(Math.min(Math.ceilDiv((long) WAVES * traits.units(), groups), context / LEAST_RANGE), 1, MOST_RANGES);
    int positions = Math.toIntExact(Math.ceilDiv(Math.ceilDiv(context, ranges), (long) keys) * keys);
    String others = "tiles of several tokens: so few tokens a sequence would leave most of the device idle over a long context";
    return new AttentionCut(kernel, 1, heads, (int) ranges, positions, keys, ranges > 1 ? List.of(others)
        : List.of(others, "ranges of positions: " + groups + " groups fill the device, or the context is short"));
  }

  private static AttentionCut any(Attention o, String reason) {
    return new AttentionCut(o.kv() instanceof Kv.Dense ? AnyAttention.DENSE : AnyAttention.PAGED, 1, 1, 1, 0, 0, List.of(reason));
  }

  private static Kernel kernel(Attention o, TileAttention.Size size) {
    boolean small = size.equals(TileAttention.Size.SMALL);
    return o.kv() instanceof Kv.Dense ? small ? TileAttention.DENSE_SMALL : TileAttention.DENSE : switch (kept(o)) {
      case F32 -> small ? TileAttention.PAGED_F32_SMALL : TileAttention.PAGED_F32;
      case F16 -> small ? TileAttention.PAGED_F16_SMALL : TileAttention.PAGED_F16;
      default -> small ? TileAttention.PAGED_OTHER_SMALL : TileAttention.PAGED_OTHER;
    };
  }

  /** Elements of a head in local memory. */
  static int width(long size) {
    return Math.toIntExact(Math.ceilDiv(size, (long) TileAttention.PADDING) * TileAttention.PADDING);
  }

  static int heads(Attention o) {
    return switch (o.kv()) {
      case Kv.Dense dense -> Math.toIntExact(dense.k().size(1));
      case Kv.Paged paged -> paged.cache().spec().heads();
    };
  }

  /** Query heads of a key/value head. */
  static int group(Attention o) {
    return Math.toIntExact(o.q().size(1) / heads(o));
  }

  static DType kept(Attention o) {
    return switch (o.kv()) {
      case Kv.Dense dense -> dense.k().dtype();
      case Kv.Paged paged -> paged.cache().spec().dtype();
    };
  }

  /** The positions that there are at most; one past a slot's end is looked for too, and not found. */
  private static long context(Attention o) {
    return switch (o.kv()) {
      case Kv.Dense dense -> dense.k().size(0);
      case Kv.Paged paged -> paged.cache().spec().slotTokens() + 1L;
    };
  }

  /** The keys that a token sees at most. */
  static long seen(Attention o) {
    return o.options().window() > 0 ? Math.min(context(o), o.options().window()) : context(o);
  }

  boolean tiles() {
    return keys > 0;
  }

  /** Tiles of a key/value head's query heads. */
  int headTiles(Attention o) {
    return Math.ceilDiv(group(o), heads);
  }

  /** Work-groups. */
  long groups(Attention o) {
    long tokenTiles = Math.ceilDiv(o.q().size(0), (long) tokens);
    return tiles() ? tokenTiles * heads(o) * headTiles(o) * ranges : o.q().size(0) * o.q().size(1);
  }

  String tile(Traits traits) {
    if (!tiles()) {
      return "a group of " + traits.local() + " items a token and query head";
    }
    return "a group of " + traits.local() + " items for " + tokens + (tokens == 1 ? " token" : " tokens") + " x " + heads + " query heads, " + keys + " keys at a time"
        + (ranges > 1 ? ", " + ranges + " ranges of " + positions + " positions" : "");
  }

  /** Where the ranges' results begin in the workspace: after what the tokens see. */
  static long resultsAt(Attention o) {
    return o.q().size(0) * Sequences.SEEN_INTEGERS * Integer.BYTES;
  }

  long workspaceBytes(Attention o) {
    long results = ranges == 1 ? 0 : o.q().size(0) * o.q().size(1) * ranges * (o.y().size(2) + TileAttention.STATE) * Float.BYTES;
    return resultsAt(o) + results;
  }
}
