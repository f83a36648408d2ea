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

/** {@link RmsNorm}. */
final class RmsNormFamily extends RowFamily {
  RmsNormFamily() {
    super(Group.ROWS, RowFamily.signature("rms_norm").with("eps", "1e-5").with("inplace", false));
  }

  @Override
  public void list(Listing listing) {
    covering(listing);
    for (ModelShape model : listing.models()) {
      int n = listing.sized(model.hidden(), 512, 64);
      for (DType type : FLOATS) {
        listing.add(type == DType.F32 ? model.least() : Listing.later(Level.STANDARD, model.least()),
            signature().of("rows", 7, "n", n, "x", type.label(), "y", type.label(), "eps", model.eps()));
      }
    }
    for (String eps : new String[] {"0.0", "1e-6", "1.0"}) {
      listing.add(Level.STANDARD, signature().of("rows", 2, "n", 96, "eps", eps));
    }
    for (DType type : FLOATS) {
      listing.add(Level.QUICK, signature().of("rows", 4, "n", 65, "x", type.label(), "y", type.label(), "inplace", true));
    }
  }

  @Override
  Trial trial(Values values, Workbench bench) {
    int n = values.size("n");
    Tensor x = rows(values, bench, "x", values.choice("fill", Fill.class), n);
    Tensor weight = bench.vector(Fill.NORMAL.values(values.seed("weight"), n));
    Tensor y = values.on("inplace") ? x : rowsOut(values, bench, "y", n);
    return independentRows(values, bench, Trial.of(new RmsNorm(x, weight, values.number("eps"), y)).expect(Bounds.NORM), x, y);
  }
}
