package dev.gatun.cuda.op;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.cuda.kernel.Gpu;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * How an attention is cut, by the bounds of its sizes alone.
 *
 * @param form which kernel goes over keys and values; beside tiles, sequences of one token may be decoded
 * @param size the head size that the kernel is made for
 * @param group the query heads that share what a block of the decoding kernel reads; 0 where nothing is decoded
 * @param splits the ranges that a decoded token's positions are cut into at most
 * @param rejected other cuts with the reasons against them
 */
record AttentionCut(Form form, int size, int group, int splits, List<String> rejected) {
  /** Which kernel goes over keys and values. */
  enum Form {
    /** Any head size, dense or paged. */
    ANY,
    /** A token at a time over pages, its positions cut into ranges. */
    DECODE,
    /** Tiles of a sequence's tokens in float32. */
    TILES,
    /** Tiles of a sequence's tokens on tensor cores. */
    TENSOR_TILES
  }

  private static final int CHUNK = 8;
  private static final int[] SIZES = {64, 128, 256};
  private static final int GROUP = 4;
  private static final int WIDE_GROUP = 8;
  /** What a group of eight query heads has a kernel for: types and sizes that models with such groups come in. */
  private static final Map<DType, Set<Integer>> WIDE = Map.of(DType.F16, Set.of(64, 128), DType.BF16, Set.of(64, 128), DType.Q8_0, Set.of(128));
  /** The grid's other dimension. */
  private static final int MOST_ROWS_OF_BLOCKS = 65535;
  /** Positions that a block of the decoding kernel reads at a time; a shorter range would leave some of its warps without keys. */
  private static final int LEAST_RANGE = 128;
  private static final int MOST_SPLITS = 128;
  /** At most this many tokens read keys again each rather than be a tile: a tile a key/value head is too few blocks for a long context. */
  private static final int FEW_TOKENS = 8;
  /** What 140 registers a thread leave room for, 3, and one more so that blocks that end early have successors. */
  private static final int BLOCKS_PER_MULTIPROCESSOR = 4;

  static AttentionCut of(Attention o, Gpu gpu) {
    List<String> rejected = new ArrayList<>();
    long widest = Math.max(o.q().size(2), o.y().size(2));
    OptionalInt fitting = Arrays.stream(SIZES).filter(s -> widest <= s).findFirst();
    if (fitting.isEmpty()) {
      return new AttentionCut(Form.ANY, 0, 0, 1, List.of("decode, tiles: head sizes past " + SIZES[SIZES.length - 1]));
    }
    int size = fitting.getAsInt();
    if (heads(o) * (long) group(o) > MOST_ROWS_OF_BLOCKS) {
      return new AttentionCut(Form.ANY, 0, 0, 1, List.of("decode, tiles: more than " + MOST_ROWS_OF_BLOCKS + " query heads"));
    }
    boolean decodable = decodable(o, rejected);
    long tokens = o.q().size(0);
    long sequences = o.batch().slots().size(0);
    if (decodable && (tokens == sequences || tokens <= FEW_TOKENS)) {
      rejected.add("tiles: so few tokens a sequence would leave most of the device idle over a long context");
      return decoding(Form.DECODE, o, size, gpu, rejected);
    }
    Form form = tiles(o, gpu, rejected);
    if (form == Form.TILES && gpu.manifest().kernel("attention_prefill_" + size).tile("shared") > gpu.sharedBytes()) {
      rejected.add("tiles: those for heads of " + size + " do not fit the " + gpu.sharedBytes() + " bytes of shared memory of a block");
      return new AttentionCut(Form.ANY, 0, 0, 1, List.copyOf(rejected));
    }
    if (decodable && sequences > 1) {
      rejected.add("decode: sequences may have several tokens; those of one are decoded");
      return decoding(form, o, size, gpu, rejected);
    }
    return new AttentionCut(form, size, 0, 1, List.copyOf(rejected));
  }

  private static boolean decodable(Attention o, List<String> rejected) {
    if (!(o.kv() instanceof Kv.Paged)) {
      rejected.add("decode: keys are not in pages, so that their rows need not be aligned");
    } else if (o.q().size(2) % CHUNK != 0 || o.y().size(2) % CHUNK != 0) {
      rejected.add("decode: head sizes that are no multiples of " + CHUNK);
    } else {
      return true;
    }
    return false;
  }

  private static Form tiles(Attention o, Gpu gpu, List<String> rejected) {
    if (kept(o) == DType.F32) {
      rejected.add("tensor cores: they would round F32 keys and values");
    } else if (!gpu.tensorCores()) {
      rejected.add("tensor cores: the device has none that take F16 and BF16");
    } else {
      return Form.TENSOR_TILES;
    }
    return Form.TILES;
  }

  private static AttentionCut decoding(Form form, Attention o, int size, Gpu gpu, List<String> rejected) {
    int group = group(o) > GROUP && WIDE.getOrDefault(kept(o), Set.of()).contains(size) ? WIDE_GROUP : GROUP;
    long blocks = Math.max(1, decoded(form, o) * heads(o) * Math.ceilDiv(group(o), group));
    long filling = Math.ceilDiv((long) gpu.multiprocessors() * BLOCKS_PER_MULTIPROCESSOR, blocks);
    long longest = Math.ceilDiv(seen(o), LEAST_RANGE);
    int splits = Math.clamp(Math.min(filling, longest), 1, MOST_SPLITS);
    return new AttentionCut(form, size, group, splits, List.copyOf(rejected));
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

  /** Whether sequences of one token are decoded beside the tiles. */
  boolean decodesSingles() {
    return form != Form.DECODE && group > 0;
  }

  String kernel(Attention o) {
    return switch (form) {
      case ANY -> "attention_any_128";
      case DECODE -> decodingKernel(o);
      case TILES -> "attention_prefill_" + size;
      case TENSOR_TILES -> "attention_prefill_" + (kept(o) == DType.BF16 || kept(o) == DType.Q8_0 ? "bf16_" : "f16_") + size;
    };
  }

  /** The kernel that decodes. */
  String decodingKernel(Attention o) {
    return "attention_decode_" + kept(o).name().toLowerCase(Locale.ROOT) + "_" + size + "x" + group;
  }

  String tile() {
    String decoded = "a block a token and " + group + " query heads" + (splits > 1 ? ", up to " + splits + " ranges of positions" : "");
    return switch (form) {
      case ANY -> "a block a token and query head";
      case DECODE -> decoded;
      case TILES, TENSOR_TILES -> "a block a tile of tokens times query heads" + (decodesSingles() ? "; sequences of one token: " + decoded : "");
    };
  }

  /** Tokens that are decoded at most. */
  long decoded(Attention o) {
    return decoded(form, o);
  }

  private static long decoded(Form form, Attention o) {
    return form == Form.DECODE ? o.q().size(0) : o.batch().slots().size(0);
  }

  /** Blocks of the decoding kernel. */
  long decodingBlocks(Attention o) {
    return decoded(o) * heads(o) * Math.ceilDiv(group(o), group) * splits;
  }

  /** What the ranges leave for the merge: for each query head the largest score, the sum of weights, and the weighted sum of values. */
  long workspaceBytes(Attention o) {
    return splits == 1 ? 0 : decoded(o) * o.q().size(1) * splits * (o.y().size(2) + 2) * Float.BYTES;
  }
}
