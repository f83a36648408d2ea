package dev.gatun.tck.cases;

import dev.gatun.Argmax;
import dev.gatun.DType;
import dev.gatun.Tensor;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.lab.Bounds;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;
import java.util.List;

/** {@link Argmax}. */
final class ArgmaxFamily extends LogitFamily {
  ArgmaxFamily() {
    super(logits(selection("argmax")));
  }

  /** Names of operators whose outputs have a dtype of their own. */
  static Signature selection(String operator) {
    return new Signature(operator).with("rows", 1).with("n", 64).with("x", "f32").with("lies", Placement.PACKED).with("count", Values.NONE)
        .with("fill", Fill.NORMAL);
  }

  @Override
  List<Fill> fills() {
    return ordered();
  }

  @Override
  public void list(Listing listing) {
    covering(listing, FLOATS, List.of());
    special(listing);
    ties(listing, signature());
    for (ModelShape model : listing.models()) {
      int n = listing.sized(model.vocabulary(), MOST_EMULATED, TILE);
      listing.add(model.least(), signature().of("rows", 1, "n", n));
      listing.add(model.least(), signature().of("rows", 1, "n", n, "at", At.ENDS));
      for (DType type : FLOATS) {
        Level least = Listing.later(Level.STANDARD, model.least());
        listing.add(least, signature().of("rows", 2, "n", n, "x", type.label(), "fill", Fill.TIES));
        listing.add(least, signature().of("rows", 2, "n", n, "x", type.label(), "at", At.LAST));
        listing.add(Level.FULL, signature().of("rows", 5, "n", n, "x", type.label(), "fill", Fill.EQUAL));
        listing.add(Level.FULL, signature().of("rows", 5, "n", n, "x", type.label(), "fill", Fill.NAN));
        listing.add(Level.FULL, signature().of("rows", 5, "n", n, "x", type.label(), "at", At.EDGES));
      }
    }
    listing.add(Level.FULL, signature().of("rows", listing.sized(4099, 67, 64), "n", listing.sized(4097, 129, 64)));
  }

  /** Rows in which many or all elements tie, in every type, at sizes round every lane and tile. */
  static void ties(Listing listing, Signature signature) {
    for (int n : new int[] {1, 2, 16, 17, 33, 64, 100, 257, 1000, 1025, 4097}) {
      for (Fill fill : new Fill[] {Fill.TIES, Fill.EQUAL}) {
        for (DType type : FLOATS) {
          boolean quick = type == DType.F32 && (n == 17 || n == 257 || n == 1000);
          listing.add(quick ? Level.QUICK : Level.STANDARD, signature.of("rows", 4, "n", n, "x", type.label(), "fill", fill));
        }
      }
    }
    for (DType type : new DType[] {DType.F16, DType.BF16}) {
      for (At at : new At[] {At.ENDS, At.LAST, At.EDGES}) {
        listing.add(Level.STANDARD, signature.of("rows", 3, "n", 1000, "x", type.label(), "at", at));
        listing.add(Level.STANDARD, signature.of("rows", 3, "n", 1000, "x", type.label(), "at", at, "put", "NaN"));
        listing.add(Level.STANDARD, signature.of("rows", 3, "n", 1000, "x", type.label(), "at", at, "put", "-Infinity"));
      }
    }
  }

  @Override
  Trial trial(Values values, Workbench bench) {
    Tensor x = logits(values, bench, values.dtype("x"), values.size("n"));
    Tensor y = rowsOut(values, bench, DType.I32);
    return independentRows(values, bench, expectRows(values, new Argmax(x, y), Bounds.EXACT, x, y), x, y);
  }
}
