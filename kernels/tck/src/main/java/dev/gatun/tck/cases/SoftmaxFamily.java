package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.Softmax;
import dev.gatun.Tensor;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.lab.Bounds;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;

/** {@link Softmax}. */
final class SoftmaxFamily extends LogitFamily {
  SoftmaxFamily() {
    super(logits(RowFamily.signature("softmax")).with("middle", Values.NONE).with("scale", "1.0").with("inplace", false));
  }

  @Override
  public void list(Listing listing) {
    covering(listing);
    special(listing);
    for (String spread : new String[] {"1e-3", "30.0", "500.0", "1e37"}) {
      listing.add(Level.QUICK, signature().of("rows", 4, "n", 513, "spread", spread));
    }
    for (String scale : new String[] {"0.125", "3.0", "-1.0", "0.0", "0.088388346"}) {
      for (int n : new int[] {17, 40, 257}) {
        listing.add(n == 40 ? Level.QUICK : Level.STANDARD, signature().of("rows", 3, "n", n, "scale", scale));
      }
      listing.add(Level.STANDARD, signature().of("rows", 3, "n", 70, "scale", scale, "spread", "20.0"));
      listing.add(Level.STANDARD, signature().of("rows", 3, "n", 70, "scale", scale, "at", At.DIAGONAL, "put", "-Infinity"));
    }
    for (Placement placement : Placement.values()) {
      for (DType type : FLOATS) {
        listing.add(placement.ordinal() == type.ordinal() % 3 ? Level.QUICK : Level.STANDARD,
            signature().of("rows", 3, "n", 47, "x", type.label(), "y", type.label(), "lies", placement, "inplace", true, "scale", "0.7"));
      }
      Level level = placement == Placement.STRIDED ? Level.QUICK : Level.STANDARD;
      listing.add(level, signature().of("rows", 2, "middle", "3", "n", 47, "lies", placement));
      listing.add(level, signature().of("rows", 2, "middle", "3+2", "n", 9, "lies", placement, "inplace", true));
      listing.add(level, signature().of("rows", 29, "n", Values.NONE, "lies", placement));
    }
    listing.add(Level.STANDARD, signature().of("rows", 3, "n", 47, "count", 2, "inplace", true));
    listing.add(Level.STANDARD, signature().of("rows", 3, "middle", "2", "n", 33, "count", 2));
    listing.add(Level.STANDARD, signature().of("rows", 2, "n", 0));
    listing.add(Level.STANDARD, signature().of("rows", 0, "n", Values.NONE));
    listing.add(Level.STANDARD, signature().of("rows", 2, "middle", "0", "n", 5));
    for (ModelShape model : listing.models()) {
      int n = listing.sized(model.vocabulary(), MOST_EMULATED, TILE);
      listing.add(model.least(), signature().of("rows", 1, "n", n));
      for (DType type : FLOATS) {
        listing.add(Listing.later(Level.STANDARD, model.least()), signature().of("rows", 2, "n", n, "x", type.label(), "spread", "3.0"));
        listing.add(Level.FULL, signature().of("rows", 5, "n", n, "x", type.label(), "y", type.label(), "inplace", true));
        listing.add(Level.FULL, signature().of("rows", 5, "n", n, "x", type.label(), "fill", Fill.OUTLIERS));
      }
    }
    listing.add(Level.FULL, signature().of("rows", listing.sized(4099, 67, 64), "n", listing.sized(4097, 129, 64)));
  }

  @Override
  Trial trial(Values values, Workbench bench) {
    int[] inner = inner(values);
    Tensor x = logits(values, bench, values.dtype("x"), inner);
    Tensor y = values.on("inplace") ? x : rowsOut(values, bench, "y", inner);
    Softmax op = new Softmax(x, values.number("scale"), y);
    if (inner.length == 0) {
      return Trial.of(op).expect(Bounds.SOFTMAX);
    }
    return independentRows(values, bench, expectRows(values, op, Bounds.SOFTMAX, x, y), x, y);
  }
}
