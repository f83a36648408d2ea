package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.Tensor;
import dev.gatun.TopK;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.lab.Bounds;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;
import java.util.List;

/** {@link TopK}. */
final class TopKFamily extends LogitFamily {
  /** A {@code k} of all elements. */
  private static final String ALL = "all";

  TopKFamily() {
    super(logits(ArgmaxFamily.selection("top_k")).with("k", 5));
  }

  @Override
  public void list(Listing listing) {
    for (Object k : new Object[] {1, ALL}) {
      for (int n : new int[] {1, 2, 7, 16, 31, 32, 33, 130, 257, 1031}) {
        listing.add(n % 2 == 1 || n == 2 ? Level.QUICK : Level.STANDARD, signature().of("rows", 3, "n", n, "k", k));
      }
      for (int n : new int[] {64, 65, 128, 129, 255, 256, 1024, 1025, 4097}) {
        listing.add(Level.STANDARD, signature().of("rows", 3, "n", n, "k", k));
      }
    }
    for (int k : new int[] {0, 2, 3, 13, 31, 32, 33, 40, 63, 64, 65, 128, 255, 256, 257, 999}) {
      listing.add(k % 8 == 0 && k > 0 ? Level.QUICK : Level.STANDARD, signature().of("rows", 2, "n", 1000, "k", k));
      listing.add(Level.STANDARD, signature().of("rows", 2, "n", 1000, "k", k, "fill", Fill.TIES));
      listing.add(Level.STANDARD, signature().of("rows", 2, "n", 1000, "k", k, "fill", Fill.NAN));
      listing.add(Level.STANDARD, signature().of("rows", 2, "n", 1000, "k", k, "x", "bf16", "lies", Placement.STRIDED));
    }
    for (int rows : new int[] {0, 1, 2, 13, 64}) {
      listing.add(rows > 13 ? Level.STANDARD : Level.QUICK, signature().of("rows", rows, "n", 40, "lies", Placement.STRIDED));
    }
    for (DType type : FLOATS) {
      for (Placement placement : Placement.values()) {
        listing.add(placement.ordinal() == type.ordinal() % 3 ? Level.QUICK : Level.STANDARD,
            signature().of("rows", 3, "n", 45, "x", type.label(), "lies", placement, "k", 9));
      }
      for (Fill fill : ordered()) {
        listing.add(type == DType.F32 ? Level.QUICK : Level.STANDARD, signature().of("rows", 3, "n", 70, "x", type.label(), "fill", fill));
        listing.add(Level.STANDARD, signature().of("rows", 3, "n", 70, "x", type.label(), "fill", fill, "k", ALL));
      }
    }
    for (int count : new int[] {0, 1, 2, 9, -4}) {
      listing.add(Level.QUICK, signature().of("rows", 3, "n", 24, "lies", Placement.STRIDED, "count", count));
    }
    special(listing);
    for (Fill fill : new Fill[] {Fill.TIES, Fill.EQUAL}) {
      for (int n : new int[] {17, 33, 100, 257, 1025}) {
        listing.add(Level.STANDARD, signature().of("rows", 4, "n", n, "fill", fill, "k", 16));
      }
    }
    for (ModelShape model : listing.models()) {
      int n = listing.sized(model.vocabulary(), MOST_EMULATED, TILE);
      listing.add(model.least(), signature().of("rows", 1, "n", n, "k", 40));
      for (int k : new int[] {1, 64, 255, 256}) {
        listing.add(Listing.later(Level.STANDARD, model.least()), signature().of("rows", 1, "n", n, "k", k));
      }
      for (DType type : FLOATS) {
        listing.add(Listing.later(Level.STANDARD, model.least()), signature().of("rows", 2, "n", n, "k", 40,
            "x", type.label(), "fill", Fill.TIES));
        listing.add(Level.FULL, signature().of("rows", 3, "n", n, "k", 1000, "x", type.label()));
        listing.add(Level.FULL, signature().of("rows", 2, "n", n, "k", 40, "x", type.label(), "fill", Fill.EQUAL));
        listing.add(Level.FULL, signature().of("rows", 2, "n", n, "k", 40, "x", type.label(), "fill", Fill.NAN));
      }
      listing.add(Level.FULL, signature().of("rows", 1, "n", n, "k", ALL));
    }
  }

  @Override
  Trial trial(Values values, Workbench bench) {
    int k = values.text("k").equals(ALL) ? values.size("n") : Math.min(values.size("k"), values.size("n"));
    Tensor x = logits(values, bench, values.dtype("x"), values.size("n"));
    Tensor largest = rowsOut(values, bench, DType.F32, k);
    Tensor indices = rowsOut(values, bench, DType.I32, k);
    Trial trial = expectRows(values, new TopK(x, largest, indices), Bounds.EXACT, x, largest, indices);
    return independentRows(values, bench, trial, List.of(x), largest, indices);
  }
}
