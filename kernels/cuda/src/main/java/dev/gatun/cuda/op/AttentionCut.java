package dev.gatun.cuda.op;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.cuda.kernel.Gpu;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How an attention is cut, by the bounds of its sizes alone.
 *
 * @param size the head size that the kernel is made for
 * @param group the query heads that share what a block reads
 * @param splits the ranges that a decoded token's positions are cut into at most
 * @param rejected other cuts with the reasons against them
 */
record AttentionCut(Form form, int size, int group, int splits, List<String> rejected) {
  /** Which kernel goes over keys and values. */
  enum Form {
    /** Any head size, dense or paged. */
    ANY,
    /** A token at a time over pages, its positions cut into ranges. */
    DECODE
  }

  private static final int CHUNK = 8;
  private static final int[] SIZES = {64, 128, 256};
  private static final int GROUP = 4;
  private static final int WIDE_GROUP = 8;
  /** Positions that a block of the decoding kernel reads at a time; a shorter range would leave some of its warps without keys. */
  private static final int LEAST_RANGE = 128;
  private static final int MOST_SPLITS = 128;
  /** What 140 registers a thread leave room for, 3, and one more so that blocks that end early have successors. */
  private static final int BLOCKS_PER_MULTIPROCESSOR = 4;

  static AttentionCut of(Attention o, Gpu gpu) {
    List<String> rejected = new ArrayList<>();
    long keySize = o.q().size(2);
    long valueSize = o.y().size(2);
    int size = 0;
    for (int s : SIZES) {
      size = size == 0 && Math.max(keySize, valueSize) <= s ? s : size;
    }
    if (size == 0) {
      rejected.add("decode: head sizes past " + SIZES[SIZES.length - 1]);
    } else if (!(o.kv() instanceof Kv.Paged)) {
      rejected.add("decode: keys are not in pages, so that their rows need not be aligned");
    } else if (keySize % CHUNK != 0 || valueSize % CHUNK != 0) {
      rejected.add("decode: head sizes that are no multiples of " + CHUNK);
    } else if (o.q().size(0) != o.batch().slots().size(0)) {
      rejected.add("decode: sequences may have several tokens");
    } else {
      return decode(o, size, gpu);
    }
    return new AttentionCut(Form.ANY, 0, 1, 1, List.copyOf(rejected));
  }

  private static AttentionCut decode(Attention o, int size, Gpu gpu) {
    int shared = group(o);
    DType kept = kept(o);
    boolean wide = size == SIZES[1] ? kept == DType.F16 || kept == DType.BF16 || kept == DType.Q8_0
        : size == SIZES[0] && (kept == DType.F16 || kept == DType.BF16);
    int group = shared > GROUP && wide ? WIDE_GROUP : GROUP;
    long blocks = Math.max(1, o.batch().slots().size(0) * heads(o) * Math.ceilDiv(shared, group));
    long filling = Math.ceilDiv((long) gpu.multiprocessors() * BLOCKS_PER_MULTIPROCESSOR, blocks);
    long longest = Math.ceilDiv(seen(o), LEAST_RANGE);
    int splits = Math.clamp(Math.min(filling, longest), 1, MOST_SPLITS);
    return new AttentionCut(Form.DECODE, size, group, splits,
        List.of("any: reads keys again for every query head and does not cut the context"));
  }

  /** The keys that a token sees at most. */
  static long seen(Attention o) {
    long context = switch (o.kv()) {
      case Kv.Dense dense -> dense.k().size(0);
      case Kv.Paged paged -> paged.cache().spec().slotTokens();
    };
    return o.options().window() > 0 ? Math.min(context, o.options().window()) : context;
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

  String kernel(Attention o) {
    return switch (form) {
      case ANY -> "attention_any_128";
      case DECODE -> "attention_decode_" + kept(o).name().toLowerCase(Locale.ROOT) + "_" + size + "x" + group;
    };
  }

  String tile() {
    return switch (form) {
      case ANY -> "a block a token and query head";
      case DECODE -> "a block a token and " + group + " query heads" + (splits > 1 ? ", up to " + splits + " ranges of positions" : "");
    };
  }

  /** Blocks that are about one token or sequence of the decoding kernel. */
  long decodingBlocks(Attention o) {
    return (long) heads(o) * Math.ceilDiv(group(o), group) * splits;
  }

  /** What the ranges leave for the merge: for each query head the largest score, the sum of weights, and the weighted sum of values. */
  long workspaceBytes(Attention o) {
    return splits == 1 ? 0 : o.batch().slots().size(0) * o.q().size(1) * splits * (o.y().size(2) + 2) * Float.BYTES;
  }
}
