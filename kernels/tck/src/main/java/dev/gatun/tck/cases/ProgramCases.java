package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.Scale;
import dev.gatun.tck.TestCase;
import dev.gatun.tck.lab.Draft;
import dev.gatun.tck.lab.Placement;
import java.util.Arrays;
import java.util.List;

/** Which programs are listed. */
final class ProgramCases {
  private static final int SUPER_BLOCK = 256;
  private static final int MOST_HEADS = 8;
  /** A model up to this width is run in its own size. */
  private static final int MOST_HIDDEN = 2304;
  private static final List<DType> WEIGHTS = Arrays.stream(DType.values()).filter(type -> type != DType.I8 && type != DType.I32).toList();
  private static final List<DType> COMMON = List.of(DType.F32, DType.F16, DType.BF16, DType.Q8_0, DType.Q4_0, DType.Q4_K, DType.Q6_K);

  private final Signature signature;
  private final Listing listing;

  private ProgramCases(Signature signature, Listing listing) {
    this.signature = signature;
    this.listing = listing;
  }

  static void list(Signature signature, Listing listing) {
    ProgramCases cases = new ProgramCases(signature, listing);
    cases.small();
    cases.weights();
    cases.layers();
    cases.models();
  }

  private static int least(DType weight) {
    return Math.max(64, weight.blockSize());
  }

  /** Every kind of program by itself: alone and with rows, with counts, cut in two, in other dtypes and placements. */
  private void small() {
    for (ProgramFamily.Kind kind : ProgramFamily.Kind.values()) {
      if (kind == ProgramFamily.Kind.LAYER || kind == ProgramFamily.Kind.TOKENS) {
        continue;
      }
      boolean blocks = kind.multipliesWide();
      for (int rows : new int[] {1, 5}) {
        listing.add(Level.QUICK, signature.of("kind", kind, "rows", rows));
        listing.add(rows == 1 ? Level.QUICK : Level.STANDARD, signature.of("kind", kind, "rows", rows, "w", "q4_0"));
      }
      listing.add(Level.QUICK, signature.of("kind", kind, "rows", 3, "count", 2, "hidden", 32, "wide", 48));
      listing.add(Level.STANDARD, signature.of("kind", kind, "rows", 3, "count", 2, "hidden", 32, "wide", blocks ? 64 : 48, "w", "q8_0"));
      for (int count : new int[] {0, 1, 4, -2}) {
        listing.add(Level.STANDARD, signature.of("kind", kind, "rows", 4, "count", count, "hidden", 32, "wide", blocks ? 64 : 48, "w", "q8_0"));
      }
      listing.add(Level.QUICK, signature.of("kind", kind, "rows", 0));
      for (Draft.Split split : new Draft.Split[] {Draft.Split.STREAM, Draft.Split.STREAMS}) {
        listing.add(kind.ordinal() % 3 == split.ordinal() ? Level.QUICK : Level.STANDARD, signature.of("kind", kind, "rows", 2, "split", split));
        listing.add(Level.STANDARD, signature.of("kind", kind, "rows", 3, "count", 1, "w", "q4_0", "split", split));
      }
      for (DType type : new DType[] {DType.F16, DType.BF16}) {
        listing.add(Level.STANDARD, signature.of("kind", kind, "rows", 2, "t", type.label()));
        listing.add(Level.STANDARD, signature.of("kind", kind, "rows", 2, "t", type.label(), "w", "q8_0"));
      }
      for (Placement lies : new Placement[] {Placement.SHIFTED, Placement.STRIDED}) {
        listing.add(Level.STANDARD, signature.of("kind", kind, "rows", 3, "lies", lies, "w", lies == Placement.SHIFTED ? "f32" : "q4_0"));
      }
      for (int rows : new int[] {2, 4, 8, 9, 16, 17, 33}) {
        listing.add(Level.STANDARD, signature.of("kind", kind, "rows", rows, "hidden", 64, "wide", blocks ? 96 : 65, "outs", 3, "w", "q4_0"));
        listing.add(Level.FULL, signature.of("kind", kind, "rows", rows, "hidden", 96, "wide", blocks ? 160 : 130, "outs", 3, "w", "q8_0"));
      }
      for (int wide : new int[] {1, 31, 33, 127, 129}) {
        listing.add(Level.STANDARD, signature.of("kind", kind, "rows", 2, "wide", wide, "outs", 1));
        if (!kind.multipliesWide()) {
          listing.add(Level.FULL, signature.of("kind", kind, "rows", 1, "wide", wide, "outs", 1, "w", "q4_0"));
        }
      }
    }
  }

  /** What is fused, with every type of weight, made ready and as it lies. */
  private void weights() {
    for (DType w : WEIGHTS) {
      for (ProgramFamily.Kind kind : new ProgramFamily.Kind[] {ProgramFamily.Kind.NORM_MATMULS, ProgramFamily.Kind.GATED_SILU, ProgramFamily.Kind.RESIDUAL,
          ProgramFamily.Kind.NORM_KEPT, ProgramFamily.Kind.GATED_GELU, ProgramFamily.Kind.RESIDUAL_OVER_NORM}) {
        boolean first = kind == ProgramFamily.Kind.NORM_MATMULS || kind == ProgramFamily.Kind.GATED_SILU && COMMON.contains(w);
        for (int rows : new int[] {1, 4}) {
          listing.add(first && rows == 1 ? Level.QUICK : Level.STANDARD, signature.of("kind", kind, "rows", rows, "hidden", least(w), "wide", least(w),
              "outs", 3, "w", w.label()));
          listing.add(rows == 1 ? Level.STANDARD : Level.FULL, signature.of("kind", kind, "rows", rows, "hidden", least(w), "wide", least(w), "outs", 3,
              "w", w.label(), "prepared", false));
        }
        listing.add(Level.FULL, signature.of("kind", kind, "rows", 19, "hidden", 2 * least(w), "wide", least(w), "outs", 3, "w", w.label()));
      }
    }
  }

  /** Whole layers: prefill, decode, several sequences, long pasts, every type of cache. */
  private void layers() {
    for (ProgramFamily.Kind kind : new ProgramFamily.Kind[] {ProgramFamily.Kind.LAYER, ProgramFamily.Kind.TOKENS}) {
      boolean layer = kind == ProgramFamily.Kind.LAYER;
      for (DType w : WEIGHTS) {
        int n = least(w);
        // Several rows of a super block's width take an emulator seconds.
        boolean slow = n == SUPER_BLOCK && listing.scale() == Scale.EMULATED;
        Level level = !COMMON.contains(w) || slow && w != DType.Q4_K ? Level.STANDARD : Level.QUICK;
        listing.add(layer ? level : slow ? Level.FULL : Level.STANDARD, signature.of("kind", kind, "hidden", n, "wide", n, "w", w.label(), "past", 6, "heads", n / 16));
        listing.add(slow ? Level.FULL : layer ? Level.STANDARD : level, signature.of("kind", kind, "rows", 3, "hidden", n, "wide", n, "w", w.label(), "heads", n / 16));
        listing.add(Level.FULL, signature.of("kind", kind, "rows", 7, "hidden", n, "wide", n, "w", w.label(), "heads", n / 16, "norms", true, "layers", 2,
            "past", 3));
      }
      listing.add(Level.QUICK, signature.of("kind", kind, "rows", 5, "norms", true));
      listing.add(Level.QUICK, signature.of("kind", kind, "rows", 6, "sequences", 3, "past", 5));
      listing.add(Level.QUICK, signature.of("kind", kind, "rows", 4, "count", 3, "past", 2));
      listing.add(Level.QUICK, signature.of("kind", kind, "rows", 2, "split", Draft.Split.STREAM, "past", 1));
      listing.add(Level.STANDARD, signature.of("kind", kind, "rows", 2, "split", Draft.Split.STREAMS, "past", 1));
      for (int count : new int[] {0, 1, -1, 9}) {
        listing.add(Level.STANDARD, signature.of("kind", kind, "rows", 4, "count", count, "past", 2, "w", "q8_0"));
      }
      listing.add(Level.STANDARD, signature.of("kind", kind, "layers", 3, "past", 9));
      listing.add(Level.STANDARD, signature.of("kind", kind, "rows", 4, "sequences", 4, "past", 17, "page", 16));
      listing.add(Level.STANDARD, signature.of("kind", kind, "past", 70, "page", 32, "heads", 4, "kv", 1));
      listing.add(Level.STANDARD, signature.of("kind", kind, "rows", 9, "heads", 4, "kv", 4, "vsize", 8, "norms", true));
      for (String cache : new String[] {"f16", "bf16", "q8_0", "f8_e4m3", "f8_e5m2"}) {
        listing.add(cache.equals("f16") ? Level.QUICK : Level.STANDARD, signature.of("kind", kind, "rows", 3, "past", 4, "size", 32, "vsize", 32, "heads", 2,
            "kv", 1, "cache", cache));
      }
      for (DType t : new DType[] {DType.F16, DType.BF16}) {
        listing.add(Level.STANDARD, signature.of("kind", kind, "rows", 3, "past", 4, "t", t.label(), "cache", "f16"));
      }
    }
  }

  /** A layer of each model: small with the remainders of its sizes, and as it is where that does not take minutes. */
  private void models() {
    for (ModelShape model : listing.models()) {
      for (DType w : new DType[] {DType.Q4_0, DType.Q4_K, DType.F16}) {
        int most = w == DType.Q4_K ? SUPER_BLOCK : listing.sized(SUPER_BLOCK, SUPER_BLOCK / 2, 64);
        boolean first = w == DType.Q4_0;
        for (int rows : new int[] {1, 5}) {
          boolean slow = listing.scale() == Scale.EMULATED && (rows > 1 ? !first : w == DType.Q4_K);
          listing.add(Listing.later(slow ? Level.FULL : first && rows == 1 ? Level.QUICK : Level.STANDARD, model.least()), shaped(model, w, rows, most));
        }
      }
      if (listing.scale() == Scale.DEVICE && model.hidden() <= MOST_HIDDEN) {
        listing.add(Level.FULL, shaped(model, DType.Q4_0, 1, Integer.MAX_VALUE));
      }
    }
  }

  private TestCase shaped(ModelShape model, DType w, int rows, int most) {
    int block = Math.max(32, w.blockSize());
    int heads = most == Integer.MAX_VALUE ? model.heads() : Math.min(MOST_HEADS / 2, model.heads());
    int ratio = model.heads() / model.kvHeads();
    int kv = Math.max(1, heads / Math.min(heads, ratio));
    int size = most == Integer.MAX_VALUE ? model.keySize() : Math.min(model.keySize(), most / 2);
    int valueSize = most == Integer.MAX_VALUE ? model.valueSize() : Math.min(model.valueSize(), most / 2);
    return signature.of("kind", ProgramFamily.Kind.LAYER, "rows", rows, "hidden", whole(model.hidden(), most, block),
        "wide", whole(model.intermediate(), most, block), "heads", heads, "kv", kv, "size", size, "vsize", valueSize,
        "vocabulary", Scale.EMULATED.sized(model.vocabulary(), most == Integer.MAX_VALUE ? 4096 : most, 64), "w", w.label(), "past", rows == 1 ? 11 : 0,
        "page", 16, "cache", "f16", "norms", model.name().startsWith("qwen"));
  }

  /** A size scaled down, in whole blocks. */
  private static int whole(int full, int most, int block) {
    return Math.max(block, Scale.EMULATED.sized(full, most, block) / block * block);
  }
}
