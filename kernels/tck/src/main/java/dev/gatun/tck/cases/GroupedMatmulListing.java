package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.TestCase;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Which cases of grouped_matmul there are: few tokens are products of a row each, more are tiles of experts that have as many rows as fall to them. */
final class GroupedMatmulListing {
  private static final int[] TOKENS = {1, 2, 3, 5, 9, 17, 33, 40};
  private static final List<Integer> FEW_TOKENS = List.of(1, 9);
  private static final int[] COLUMNS = {1, 2, 16, 33, 65, 129, 257};
  private static final int COLUMNS_OF_SMALL = 37;

  /** An error is relative to the results' own size, and a few may all come out near zero by chance; equal activations are rounded by nothing. */
  private static final int FEWEST_AVERAGED = 7;

  private static final List<DType> OF_MODELS = List.of(DType.Q4_0, DType.Q8_0, DType.Q4_K, DType.Q6_K, DType.BF16, DType.MXFP4);

  private final Listing listing;
  private final Signature signature;

  GroupedMatmulListing(Listing listing, Signature signature) {
    this.listing = listing;
    this.signature = signature;
  }

  void all() {
    for (DType w : MoveFamily.WEIGHTS) {
      for (int tokens : TOKENS) {
        boolean few = FEW_TOKENS.contains(tokens);
        listing.add(few ? Level.QUICK : level(w), small(w, tokens));
        listing.add(few ? level(w) : Level.FULL, small(w, tokens, "gates", true, "each", true));
        listing.add(Level.FULL, small(w, tokens, "weight", Weight.PLAIN, "bias", true));
        listing.add(Level.FULL, small(w, tokens, "experts", 16, "top", 4));
      }
      listing.add(level(w), small(w, 6, "codes", Codes.ANY, "gates", true));
      listing.add(Level.FULL, small(w, 1, "codes", Codes.ANY));
      if (Codes.NONFINITE.fits(w)) {
        listing.add(Level.FULL, small(w, 6, "codes", Codes.NONFINITE));
      }
      for (int n : COLUMNS) {
        listing.add(Level.FULL, small(w, 1, "n", n, "fill", n < FEWEST_AVERAGED ? Fill.EQUAL : Fill.NORMAL));
        listing.add(Level.FULL, small(w, 20, "n", n));
      }
      for (int blocks : new int[] {2, 3, 5, 9}) {
        listing.add(Level.FULL, small(w, 1, "k", blocks * Math.max(w.blockSize(), 30)));
        listing.add(Level.FULL, small(w, 20, "k", blocks * Math.max(w.blockSize(), 30)));
      }
    }
    for (DType w : List.of(DType.F32, DType.Q4_0, DType.BF16)) {
      contents(w);
      counts(w);
      types(w);
      rows(w);
    }
    listing.models().stream().filter(model -> model.experts() > 0).forEach(this::models);
  }

  private static Level level(DType w) {
    return MoveFamily.COMMON.contains(w) ? Level.STANDARD : Level.FULL;
  }

  private static int length(DType w) {
    return w.isBlock() ? w.blockSize() : 77;
  }

  private TestCase small(DType w, int tokens, Object... more) {
    Object[] all = new Object[8 + more.length];
    System.arraycopy(new Object[] {"rows", tokens, "n", COLUMNS_OF_SMALL, "k", length(w), "w", w.label()}, 0, all, 0, 8);
    System.arraycopy(more, 0, all, 8, more.length);
    return signature.of(all);
  }

  private void contents(DType w) {
    for (int tokens : FEW_TOKENS) {
      for (Picks picks : Picks.values()) {
        for (boolean gates : new boolean[] {false, true}) {
          listing.add(w == DType.BF16 ? Level.STANDARD : Level.QUICK, small(w, tokens, "picks", picks, "gates", gates, "experts", 5, "top", 3));
        }
      }
      for (Fill fill : new Fill[] {Fill.OUTLIERS, Fill.ZERO, Fill.DENORMAL, Fill.ONE_NAN, Fill.EQUAL}) {
        listing.add(Level.STANDARD, small(w, tokens, "fill", fill));
      }
      for (Placement lies : Placement.values()) {
        for (boolean each : new boolean[] {false, true}) {
          listing.add(lies == Placement.STRIDED && w != DType.BF16 ? Level.QUICK : Level.STANDARD,
              small(w, tokens, "lies", lies, "each", each, "gates", !each, "bias", true));
          listing.add(Level.STANDARD, small(w, tokens, "lies", lies, "each", each, "weight", Weight.PLAIN));
        }
      }
    }
  }

  private void counts(DType w) {
    for (int count : new int[] {0, 1, 3, 99, -1}) {
      listing.add(w == DType.F32 || count == 3 ? Level.QUICK : Level.STANDARD, small(w, 8, "count", count, "lies", Placement.STRIDED, "gates", count % 2 == 1));
      listing.add(count == 1 || count == 0 ? Level.QUICK : Level.STANDARD, small(w, 2, "experts", 9, "count", count, "each", true));
      listing.add(Level.STANDARD, small(w, 40, "count", 11 * count, "gates", true, "bias", true));
    }
  }

  private void types(DType w) {
    for (DType x : RowFamily.FLOATS) {
      for (DType y : RowFamily.FLOATS) {
        for (int tokens : FEW_TOKENS) {
          boolean quick = x.ordinal() == (y.ordinal() + 1) % 3;
          listing.add(quick ? Level.QUICK : Level.STANDARD, small(w, tokens, "x", x.label(), "y", y.label()));
          listing.add(quick ? Level.STANDARD : Level.FULL, small(w, tokens, "x", x.label(), "y", y.label(), "gates", true, "each", true, "bias", true));
        }
      }
    }
  }

  /** Experts of no, of one and of many rows; one expert; more of a token than there are; no token. */
  private void rows(DType w) {
    for (boolean gates : new boolean[] {false, true}) {
      listing.add(Level.QUICK, small(w, 0, "gates", gates));
      listing.add(Level.STANDARD, small(w, 3, "n", 0, "gates", gates));
      listing.add(Level.QUICK, small(w, 7, "experts", 1, "top", 1, "gates", gates));
      listing.add(Level.STANDARD, small(w, 1, "experts", 1, "top", 3, "gates", gates));
      listing.add(Level.STANDARD, small(w, 13, "experts", 2, "top", 3, "gates", gates));
      listing.add(Level.QUICK, small(w, 12, "experts", 9, "top", 1, "gates", gates));
      listing.add(Level.STANDARD, small(w, 33, "experts", 64, "top", 6, "gates", gates));
      listing.add(Level.STANDARD, small(w, 150, "experts", 3, "top", 2, "gates", gates));
      listing.add(Level.STANDARD, small(w, 70, "experts", 5, "top", 2, "n", 140, "k", 3 * length(w), "gates", gates));
    }
  }

  private TestCase layer(ModelShape model, DType w, int tokens, boolean down, Object... more) {
    int n = listing.sized(down ? model.hidden() : model.intermediate(), 160, 128);
    int k = MoveFamily.wholeBlocks(listing.sized(down ? model.intermediate() : model.hidden(), 512, 256), w);
    return signature.of(Stream.concat(Stream.of("rows", tokens, "n", n, "k", k, "experts", listing.sized(model.experts(), 12, 8), "top", model.expertsUsed(),
        "w", w.label(), "each", down, "gates", down), Arrays.stream(more)).toArray());
  }

  /** Gate and down of a layer: one token, a few, a prefill. */
  private void models(ModelShape model) {
    int prefill = listing.sized(512, 24, 8);
    for (DType w : OF_MODELS) {
      boolean first = w == DType.Q4_0;
      for (boolean down : new boolean[] {false, true}) {
        listing.add(first ? Listing.later(model.least(), Level.STANDARD) : Level.FULL, layer(model, w, 1, down));
        listing.add(first && down ? Listing.later(model.least(), Level.STANDARD) : Level.FULL, layer(model, w, prefill, down));
        listing.add(Level.FULL, layer(model, w, 5, down));
        listing.add(Level.FULL, layer(model, w, prefill, down, "count", prefill / 3));
      }
    }
  }
}
