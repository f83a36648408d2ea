package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.RmsNorm;
import dev.gatun.Tensor;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.lab.Bounds;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;
import java.util.Arrays;

/** {@link RmsNorm}. */
final class RmsNormFamily extends RowFamily {
  /** The tile of the sizes that models give. */
  private static final int TILE = 64;

  RmsNormFamily() {
    super(Group.ROWS, RowFamily.signature("rms_norm").with("eps", "1e-5").with("inplace", false).with("middle", Values.NONE)
        .with("spread", "1.0"));
  }

  @Override
  public void list(Listing listing) {
    covering(listing);
    norms(listing, signature());
    for (String spread : new String[] {"1e-4", "1e-15", "1e15"}) {
      listing.add(Level.STANDARD, signature().of("rows", 3, "n", 75, "spread", spread));
    }
  }

  /** What both norms are asked for besides. */
  static void norms(Listing listing, Signature signature) {
    for (ModelShape model : listing.models()) {
      int n = listing.sized(model.hidden(), 512, TILE);
      int head = listing.sized(model.keySize(), 128, TILE);
      for (DType type : FLOATS) {
        Level least = type == DType.F32 ? model.least() : Listing.later(Level.STANDARD, model.least());
        listing.add(least, signature.of("rows", 7, "n", n, "x", type.label(), "y", type.label(), "eps", model.eps()));
        listing.add(Listing.later(Level.STANDARD, least),
            signature.of("rows", 3, "middle", model.kvHeads(), "n", head, "x", type.label(), "y", type.label(), "eps", model.eps()));
        listing.add(Level.FULL, signature.of("rows", listing.sized(512, 33, 32), "n", n,
            "x", type.label(), "y", type.label(), "eps", model.eps()));
      }
    }
    for (String eps : new String[] {"0.0", "1e-6", "1.0"}) {
      listing.add(Level.STANDARD, signature.of("rows", 2, "n", 96, "eps", eps));
    }
    listing.add(Level.QUICK, signature.of("rows", 2, "n", 96, "eps", "1.0", "spread", "0.01"));
    for (DType type : FLOATS) {
      for (Placement placement : Placement.values()) {
        listing.add(placement.ordinal() == type.ordinal() % 3 ? Level.QUICK : Level.STANDARD,
            signature.of("rows", 4, "n", 65, "x", type.label(), "y", type.label(), "lies", placement, "inplace", true));
      }
    }
    for (Placement placement : Placement.values()) {
      Level level = placement == Placement.STRIDED ? Level.QUICK : Level.STANDARD;
      listing.add(level, signature.of("rows", 2, "middle", "5", "n", 40, "lies", placement));
      listing.add(level, signature.of("rows", 2, "middle", "3+2", "n", 24, "lies", placement));
      listing.add(Level.STANDARD, signature.of("rows", 3, "middle", "5", "n", 128, "lies", placement, "inplace", true));
    }
    listing.add(Level.STANDARD, signature.of("rows", 3, "middle", "2", "n", 33, "count", 2));
    listing.add(Level.STANDARD, signature.of("rows", 3, "n", 33, "count", 2, "inplace", true));
    listing.add(Level.STANDARD, signature.of("rows", 3, "middle", "0", "n", 5));
    listing.add(Level.STANDARD, signature.of("rows", 0, "n", 33, "count", 2));
    for (int n : new int[] {16, 80, 192, 320}) {
      listing.add(Level.STANDARD, signature.of("rows", 2, "middle", "3", "n", n));
    }
    listing.add(Level.STANDARD, signature.of("rows", 4, "n", listing.sized(16_384 + 1, 513, TILE), "fill", Fill.OUTLIERS));
    listing.add(Level.FULL, signature.of("rows", listing.sized(4099, 67, TILE), "n", listing.sized(4097, 129, TILE),
        "x", "f16", "y", "f16"));
  }

  @Override
  Trial trial(Values values, Workbench bench) {
    int[] inner = inner(values);
    float spread = values.number("spread");
    Tensor x = rows(values, bench, values.dtype("x"), all -> Arrays.stream(values.choice("fill", Fill.class).values(values.seed("x"), all))
        .map(v -> (float) (v * spread)).toArray(), inner);
    Tensor weight = bench.vector(Fill.NORMAL.values(values.seed("weight"), values.size("n")));
    Tensor y = values.on("inplace") ? x : rowsOut(values, bench, "y", inner);
    return independentRows(values, bench, expectRows(values, new RmsNorm(x, weight, values.number("eps"), y), Bounds.NORM, x, y), x, y);
  }
}
