package dev.gatun.cuda.op;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.cuda.kernel.Gpu;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How an attention is cut, by the bounds of its sizes alone.
 *
 * @param form which kernel goes over keys and values; beside tiles, sequences of one token may be decoded
 * @param size the head size that the kernel is made for, of keys where those of values are others
 * @param decoding how tokens are decoded, if any are
 * @param rejected other cuts with the reasons against them
 */
record AttentionCut(Form form, int size, Optional<DecodeAttention> decoding, List<String> rejected) {
  /** Which kernel goes over keys and values. */
  enum Form {
    /** Any head size, dense or paged. */
    ANY,
    /** A token at a time, its positions cut into ranges. */
    DECODE,
    /** Tiles of a sequence's tokens in float32. */
    TILES,
    /** Tiles of a sequence's tokens on tensor cores. */
    TENSOR_TILES,
    /** Larger tiles, by warpgroup products and the copy engine. */
    WARPGROUP_TILES
  }

  private static final int[] SIZES = {64, 128, 256};
  /** Keys of this size and values of at most that many elements have tiles of their own on tensor cores: heads that latent attention makes, as a rule. */
  private static final int UNLIKE_KEYS = 192;
  private static final int UNLIKE_VALUES = 128;
  /** The grid's other dimension. */
  private static final int MOST_ROWS_OF_BLOCKS = 65535;
  /** At most this many tokens read keys again each rather than be a tile: a tile a key/value head is too few blocks for a long context. */
  private static final int FEW_TOKENS = 8;

  static AttentionCut of(Attention o, Gpu gpu) {
    List<String> rejected = new ArrayList<>();
    if (o.options().maxBias() > 0) {
      return new AttentionCut(Form.ANY, 0, Optional.empty(), List.of("decode, tiles: their kernels add no bias to scores"));
    }
    OptionalInt fitting = fitting(o);
    if (fitting.isEmpty()) {
      return new AttentionCut(Form.ANY, 0, Optional.empty(), List.of("decode, tiles: head sizes past " + SIZES[SIZES.length - 1]));
    }
    int size = fitting.getAsInt();
    if (heads(o) * (long) group(o) > MOST_ROWS_OF_BLOCKS) {
      return new AttentionCut(Form.ANY, 0, Optional.empty(), List.of("decode, tiles: more than " + MOST_ROWS_OF_BLOCKS + " query heads"));
    }
    boolean decodable = DecodeAttention.serves(o, size, gpu, rejected);
    long tokens = o.q().size(0);
    long sequences = o.batch().slots().size(0);
    if (decodable && (tokens == sequences || tokens <= FEW_TOKENS)) {
      rejected.add("tiles: so few tokens a sequence would leave most of the device idle over a long context");
      return new AttentionCut(Form.DECODE, size, Optional.of(DecodeAttention.of(o, size, tokens, gpu, rejected)), List.copyOf(rejected));
    }
    AttentionCut tiles = tiles(o, size, gpu, rejected);
    if (tiles.form == Form.ANY) {
      return new AttentionCut(Form.ANY, 0, Optional.empty(), List.copyOf(rejected));
    }
    if (decodable && sequences > 1) {
      rejected.add("decode: sequences may have several tokens; those of one are decoded");
      return new AttentionCut(tiles.form, tiles.size, Optional.of(DecodeAttention.of(o, size, sequences, gpu, rejected)), List.copyOf(rejected));
    }
    return new AttentionCut(tiles.form, tiles.size, Optional.empty(), List.copyOf(rejected));
  }

  /** As {@link #of} for many tokens of every sequence; {@link Form#ANY} where no tiles fit. The reasons go to {@code rejected} alone. */
  static AttentionCut ofTiles(Attention o, Gpu gpu, List<String> rejected) {
    OptionalInt fitting = fitting(o);
    return fitting.isEmpty() || heads(o) * (long) group(o) > MOST_ROWS_OF_BLOCKS ? new AttentionCut(Form.ANY, 0, Optional.empty(), List.of())
        : tiles(o, fitting.getAsInt(), gpu, rejected);
  }

  private static OptionalInt fitting(Attention o) {
    long widest = Math.max(o.q().size(2), o.y().size(2));
    return Arrays.stream(SIZES).filter(s -> widest <= s).findFirst();
  }

  private static AttentionCut tiles(Attention o, int size, Gpu gpu, List<String> rejected) {
    Form form = Form.TILES;
    int made = size;
    if (kept(o) == DType.F32) {
      rejected.add("tensor cores: they would round F32 keys and values");
    } else if (!gpu.tensorCores()) {
      rejected.add("tensor cores: the device has none that take F16 and BF16");
    } else {
      boolean unlike = size > UNLIKE_KEYS && o.q().size(2) <= UNLIKE_KEYS && o.y().size(2) <= UNLIKE_VALUES && o.options().softcap() == 0;
      made = unlike ? UNLIKE_KEYS : size;
      Optional<String> refusal = WarpgroupAttention.refusal(o, made, gpu);
      rejected.add(refusal.orElse("attention_prefill: its warps read each operand again for every 16 rows, and wait for copies"));
      form = refusal.isPresent() ? Form.TENSOR_TILES : Form.WARPGROUP_TILES;
    }
    if (form == Form.TILES && gpu.manifest().kernel("attention_prefill_" + size).tile("shared") > gpu.sharedBytes()) {
      rejected.add("tiles: those for heads of " + size + " do not fit the " + gpu.sharedBytes() + " bytes of shared memory of a block");
      form = Form.ANY;
    }
    return new AttentionCut(form, made, Optional.empty(), List.of());
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

  /** The most elements of a value that tiles on tensor cores take whose keys are of {@code size}. */
  static int valueSize(int size) {
    return size == UNLIKE_KEYS ? UNLIKE_VALUES : size;
  }

  /** Whether sequences of one token are decoded beside the tiles. */
  boolean decodesSingles() {
    return form != Form.DECODE && decoding.isPresent();
  }

  String kernel(Attention o) {
    return switch (form) {
      case ANY -> "attention_any_128";
      case DECODE -> decoding.orElseThrow().kernel();
      case TILES -> "attention_prefill_" + size;
      case TENSOR_TILES -> "attention_prefill_" + (kept(o) == DType.BF16 || kept(o) == DType.Q8_0 ? "bf16_" : "f16_") + size;
      case WARPGROUP_TILES -> WarpgroupAttention.kernel(o, size);
    };
  }

  String tile() {
    return switch (form) {
      case ANY -> "a block a token and query head";
      case DECODE -> decoding.orElseThrow().tile();
      case TILES, TENSOR_TILES, WARPGROUP_TILES ->
          (form == Form.WARPGROUP_TILES ? "a block a multiprocessor, tiles" : "a block a tile") + " of tokens times query heads"
              + decoding.map(d -> "; sequences of one token: " + d.tile()).orElse("");
    };
  }

  long workspaceBytes(Attention o) {
    return decoding.map(d -> d.workspaceBytes(o)).orElse(0L);
  }
}
