package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.MlaAttention.Up;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.Scale;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import java.util.Arrays;
import java.util.List;

/** The cases of latent attention. */
final class MlaListing {
  private static final List<DType> KEPT = AttentionListing.KEPT;
  private static final List<DType> WEIGHTS = List.of(DType.F32, DType.F16, DType.BF16, DType.Q8_0, DType.Q4_0, DType.Q4_K, DType.Q6_K);

  private final Signature signature;
  private final Listing listing;

  MlaListing(Signature signature, Listing listing) {
    this.signature = signature;
    this.listing = listing;
  }

  void list() {
    sizes();
    heads();
    contexts();
    prefills();
    prompts();
    types();
    pages();
    counts();
    nothingToSee();
    special();
    models();
  }

  private void add(Level least, Object... namesAndValues) {
    listing.add(least, signature.of(namesAndValues));
  }

  private static int[] ints(int... values) {
    return values;
  }

  private void sizes() {
    int[][] sizes = {{16, 8, 8, 8}, {32, 16, 16, 16}, {40, 8, 24, 16}, {64, 32, 32, 64}, {96, 16, 48, 80}, {128, 64, 16, 24}, {256, 32, 64, 64}, {512, 64, 128, 128}, {33, 7, 9, 5}, {1, 1, 1, 1}};
    for (int[] size : sizes) {
      for (DType k : RowFamily.FLOATS) {
        for (Up.Rows rows : Up.Rows.values()) {
          boolean quick = size[0] < 100 && size[0] % 16 == 0 && (k == DType.F32) == (rows == Up.Rows.QUERY);
          add(quick ? Level.QUICK : Level.STANDARD, "context", ints(7, 13), "tokens", ints(7, 1), "rank", size[0], "rope", size[1], "nope", size[2], "value", size[3],
              "rows", rows, "k", k.label());
          add(Level.STANDARD, "context", ints(70, 13), "tokens", ints(1, 1), "heads", 3, "rank", size[0], "rope", size[1], "nope", size[2], "value", size[3],
              "rows", rows, "k", k.label());
        }
      }
    }
  }

  private void heads() {
    for (int heads : ints(1, 2, 3, 5, 8, 16, 17, 40, 128)) {
      add(heads < 8 ? Level.QUICK : Level.STANDARD, "context", ints(33, 9), "tokens", ints(1, 1), "heads", heads, "rank", 32, "nope", 16, "value", 16, "k", "f16");
      add(Level.STANDARD, "context", ints(33, 9), "tokens", ints(11, 2), "heads", heads, "rank", 32, "nope", 16, "value", 16);
      add(Level.STANDARD, "context", 9, "tokens", 3, "heads", heads, "rank", 32, "nope", 16, "value", 16, "rows", Up.Rows.LATENT, "k", "bf16");
    }
  }

  private void contexts() {
    for (int context : ints(1, 2, 15, 16, 17, 31, 33, 63, 64, 65, 127, 128, 129, 255, 257, 513, 700)) {
      add(context < 20 || context == 65 || context == 257 ? Level.QUICK : Level.STANDARD, "context", context, "rank", 32, "k", context % 2 == 0 ? "f16" : "f32");
      for (DType k : KEPT) {
        add(Level.FULL, "context", context, "heads", 5, "k", k.label(), "rope", 32);
      }
    }
    for (DType k : KEPT) {
      add(Level.STANDARD, "context", ints(listing.sized(3001, 1031, 64), 513, 1), "tokens", ints(1, 1, 1), "rank", 32, "rope", 32, "heads", 2, "k", k.label(),
          "fill", Fill.UNIFORM, "kfill", Fill.UNIFORM, "page", 64);
    }
  }

  /** Steps whose tokens begin, fill and pass the tiles of tokens and of keys, some of which are worth expanding keys and values for. */
  private void prefills() {
    for (int tokens : ints(2, 8, 9, 16, 17, 33, 64, 65, 100, 129)) {
      for (DType k : RowFamily.FLOATS) {
        int n = listing.sized(tokens, 100, 32);
        boolean quick = k == DType.F16 && (tokens == 17 || tokens == 65);
        add(quick ? Level.QUICK : Level.STANDARD, "context", n, "tokens", n, "heads", 2, "rank", 128, "nope", 16, "value", 16, "k", k.label());
        add(quick ? Level.QUICK : Level.STANDARD, "context", listing.sized(200, 136, 64), "tokens", n, "heads", 2, "rank", 128, "nope", 16, "value", 16, "rows",
            Up.Rows.LATENT, "k", k.label());
        add(Level.STANDARD, "context", ints(150, n, 70), "tokens", ints(40, n, 1), "heads", 3, "rank", 96, "nope", 16, "value", 24, "k", k.label());
      }
    }
    for (DType k : KEPT) {
      add(k == DType.Q8_0 || k == DType.F32 ? Level.QUICK : Level.STANDARD, "context", 90, "tokens", 80, "heads", 2, "rank", 128, "rope", 32, "nope", 16, "value", 16, "k", k.label());
      add(Level.STANDARD, "context", ints(90, 4), "tokens", ints(80, 3), "heads", 2, "rank", 128, "rope", 32, "nope", 16, "value", 16, "k", k.label(), "causal", false);
    }
    if (listing.scale() == Scale.DEVICE) {
      add(Level.STANDARD, "context", 700, "tokens", 600, "heads", 2, "rank", 128, "nope", 16, "value", 16, "k", "f16");
    }
  }

  /** Enough tokens for few numbers of each head that keys and values are worth making, in all the ways that those may lie and be missing. */
  private void prompts() {
    Object[] heads = {"heads", 2, "rank", 128, "nope", 16, "value", 16};
    for (DType k : List.of(DType.F32, DType.F16, DType.BF16, DType.F8_E4M3)) {
      Level usual = k == DType.F16 || k == DType.F32 ? Level.QUICK : Level.STANDARD;
      prompt(usual, heads, k, "context", ints(90, 40, 3), "tokens", ints(60, 40, 3), "layer", 1, "apart", true);
      prompt(Level.STANDARD, heads, k, "context", ints(3, 70, 0, 66), "tokens", ints(3, 64, 0, 66), "page", 12, "loose", 2, "apart", true, "q", "bf16");
      // Keys of more elements than a head of 128, over values of few; columns past one tile; sizes that are multiples of nothing.
      prompt(usual, heads, k, "context", 70, "tokens", 40, "rank", 64, "rope", 120);
      prompt(usual, heads, k, "context", 130, "tokens", 110, "heads", 1, "rank", 256, "nope", 80, "rope", 8, "value", 64, "rows", Up.Rows.LATENT);
      prompt(usual, heads, k, "context", ints(41, 30), "tokens", ints(33, 29), "heads", 3, "rank", 100, "rope", 7, "nope", 9, "value", 5, "lies", Placement.STRIDED);
      prompt(Level.STANDARD, heads, k, "context", 41, "tokens", 33, "rank", 100, "rope", 7, "nope", 9, "value", 5, "rows", Up.Rows.LATENT, "lies", Placement.SHIFTED, "apart", true, "count", 30);
      prompt(Level.STANDARD, heads, k, "context", 70, "tokens", 40, "rank", 64, "rope", 200, "w", "bf16");
      prompt(Level.STANDARD, heads, k, "context", 40, "tokens", 40, "nan", 20, "w", "f16");
      prompt(Level.STANDARD, heads, k, "context", ints(40, 40), "tokens", ints(36, 36), "ahead", 3, "page", 4);
      prompt(Level.STANDARD, heads, k, "context", ints(40, 35), "tokens", ints(40, 35), "count", 71, "sequences", 1);
      prompt(Level.STANDARD, heads, k, "context", ints(40, 35), "tokens", ints(40, 35), "count", 0);
      prompt(Level.STANDARD, heads, k, "context", 60, "tokens", 50, "causal", false, "kfill", Fill.OUTLIERS);
    }
    // More heads than keys and values are made of at a time where a sequence may be so long.
    add(Level.STANDARD, "context", 40, "tokens", 33, "heads", 24, "rank", 128, "nope", 16, "value", 16, "k", "f16", "room", 131_072);
  }

  private void prompt(Level least, Object[] heads, DType k, Object... rest) {
    add(least, joined(joined(heads, "k", k.label()), rest));
  }

  private void types() {
    for (DType k : KEPT) {
      for (DType q : RowFamily.FLOATS) {
        for (DType y : RowFamily.FLOATS) {
          for (Placement placement : Placement.values()) {
            boolean turn = placement.ordinal() == (q.ordinal() + k.ordinal()) % 3 && q == y;
            for (int[] tokens : new int[][] {{3, 1}, {80, 1}}) {
              add(turn && tokens[0] == 3 ? Level.QUICK : turn ? Level.STANDARD : Level.FULL, "context", ints(80, 3), "tokens", tokens, "heads", 2, "rank", 128, "rope", 32,
                  "nope", 16, "value", 24, "q", q.label(), "k", k.label(), "y", y.label(), "lies", placement);
            }
          }
        }
      }
    }
    for (DType w : WEIGHTS) {
      int row = Math.max(32, w.blockSize());
      for (Up.Rows rows : Up.Rows.values()) {
        for (Weight weight : List.of(Weight.PLAIN, Weight.PREPARED)) {
          for (int[] tokens : new int[][] {{1, 1}, {5, 1}, {90, 1}}) {
            Level usual = weight == Weight.PREPARED && tokens[1] == 1 && tokens[0] < 90 ? Level.QUICK : Level.STANDARD;
            add(usual, "context", ints(90, 20), "tokens", tokens, "heads", 2, "rank", Math.max(128, row), "nope", row == 32 ? 32 : row, "value", 16, "w", w.label(), "rows", rows,
                "weight", weight);
            add(Level.FULL, "context", ints(90, 20), "tokens", tokens, "heads", 3, "rank", 2 * row, "nope", row, "value", 40, "w", w.label(), "rows", rows, "weight", weight,
                "k", "f16", "q", "f16", "y", "f16", "lies", Placement.STRIDED);
          }
        }
      }
    }
  }

  private void pages() {
    for (int page : ints(1, 4, 12, 16, 64, 100)) {
      for (DType k : List.of(DType.F32, DType.F16)) {
        for (int[] tokens : new int[][] {{1, 1}, {1, 17}}) {
          add(page == 4 && tokens[1] == 1 ? Level.QUICK : Level.STANDARD, "context", ints(70, 33), "tokens", tokens, "rank", 32, "page", page, "k", k.label());
        }
      }
    }
    for (int room : ints(33, 1000, 4096, 131_072)) {
      add(room == 4096 ? Level.QUICK : Level.STANDARD, "context", ints(33, 1), "tokens", ints(1, 1), "rank", 32, "room", room, "k", "f16");
      add(Level.STANDARD, "context", ints(33, 1), "tokens", ints(9, 1), "rank", 32, "room", room);
    }
    for (DType k : KEPT) {
      add(k == DType.BF16 ? Level.QUICK : Level.STANDARD, "context", ints(19, 5), "tokens", ints(2, 1), "rope", 32, "layer", 2, "k", k.label());
    }
  }

  private void counts() {
    for (int count : ints(0, 1, 2, 4, 5, 6, 9, -3)) {
      add(count == 4 || count == 0 || count == -3 ? Level.QUICK : Level.STANDARD, "context", ints(3, 4, 3), "tokens", ints(2, 2, 2), "rank", 32, "count", count);
      for (int sequences : ints(0, 1, 2, 3, 5, -1)) {
        add(sequences == 1 && count == 2 ? Level.QUICK : Level.STANDARD, "context", ints(3, 4, 3), "tokens", ints(2, 2, 2), "rank", 32, "count", count, "sequences", sequences);
      }
      add(Level.STANDARD, "context", 90, "tokens", 90, "heads", 2, "rank", 128, "nope", 16, "value", 16, "count", 10 * count);
    }
  }

  private void nothingToSee() {
    add(Level.QUICK, "context", ints(5, 0, 7), "tokens", ints(2, 0, 0));
    add(Level.QUICK, "context", 5, "tokens", 0);
    for (DType k : RowFamily.FLOATS) {
      add(k == DType.F32 ? Level.QUICK : Level.STANDARD, "context", ints(6, 4), "tokens", ints(3, 1), "loose", 3, "k", k.label());
      add(Level.STANDARD, "context", ints(80, 4), "tokens", ints(80, 1), "loose", 3, "heads", 2, "rank", 128, "nope", 16, "value", 16, "k", k.label());
      add(k == DType.F16 ? Level.QUICK : Level.STANDARD, "context", 6, "tokens", 2, "ahead", 3, "page", 4, "k", k.label());
    }
  }

  private void special() {
    for (DType k : KEPT) {
      for (int[] tokens : new int[][] {{3}, {19}}) {
        add(k == DType.F32 && tokens[0] == 3 ? Level.QUICK : Level.STANDARD, "context", 20, "tokens", tokens, "rope", 32, "k", k.label(), "nan", 18);
      }
      for (Fill fill : List.of(Fill.EQUAL, Fill.ZERO, Fill.OUTLIERS)) {
        add(k == DType.F32 ? Level.QUICK : Level.STANDARD, "context", ints(40, 7), "tokens", ints(9, 1), "rope", 32, "k", k.label(), "kfill", fill);
      }
    }
    for (Object scale : new Object[] {0, -0.2, 3}) {
      add(Level.STANDARD, "context", ints(40, 7), "tokens", ints(9, 1), "scale", scale);
    }
    add(Level.QUICK, "context", ints(21, 9), "tokens", ints(4, 2), "causal", false);
  }

  /** One sequence alone, several that are decoded, a prompt, and a prompt beside sequences that are decoded. */
  private void models() {
    for (ModelShape model : listing.models()) {
      if (model.latent() == 0) {
        continue;
      }
      Object[] shape = {"heads", listing.sized(model.heads(), 4, 4), "rank", model.latent(), "rope", model.ropeSize(), "nope", model.keySize() - model.ropeSize(), "value",
          model.valueSize(), "fill", Fill.UNIFORM, "kfill", Fill.UNIFORM};
      int decoded = listing.sized(300, 104, 64);
      for (DType k : KEPT) {
        Level usual = k == DType.F16 ? model.least() : Listing.later(Level.STANDARD, model.least());
        decoded(usual, joined(shape, "k", k.label()), decoded);
        decoded(Listing.later(Level.STANDARD, usual), joined(shape, "k", k.label(), "q", "bf16", "y", "bf16", "w", "q8_0", "rows", Up.Rows.LATENT), decoded);
      }
    }
  }

  private void decoded(Level usual, Object[] typed, int decoded) {
    add(usual, joined(typed, "context", ints(decoded, 5), "tokens", ints(1, 1)));
    add(Listing.later(Level.STANDARD, usual), joined(typed, "context", listing.sized(137, 25, 16), "tokens", listing.sized(137, 25, 16)));
    add(Listing.later(Level.STANDARD, usual), joined(typed, "context", ints(70, decoded), "tokens", ints(9, 1)));
  }

  private static Object[] joined(Object[] first, Object... rest) {
    Object[] all = Arrays.copyOf(first, first.length + rest.length);
    System.arraycopy(rest, 0, all, first.length, rest.length);
    return all;
  }
}
