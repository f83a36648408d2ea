package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.GatherRows;
import dev.gatun.Tensor;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.lab.Bounds;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;
import java.util.Arrays;
import java.util.OptionalInt;

/** {@link GatherRows}. */
final class GatherRowsFamily extends OperatorFamily {
  GatherRowsFamily() {
    super(Group.MOVES, new Signature("gather_rows").with("rows", 5).with("t", 7).with("n", 40).with("x", "f32").with("lies", Placement.PACKED)
        .with("count", Values.NONE).with("tokens", Values.NONE).with("picks", Picks.INSIDE).with("fill", Fill.NORMAL));
  }

  @Override
  public String column(Values values) {
    return values.text("x");
  }

  @Override
  public void list(Listing listing) {
    for (DType x : RowFamily.FLOATS) {
      for (int n : new int[] {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 40, 65, 127, 128, 129, 257, 301, 1025}) {
        for (Placement lies : Placement.values()) {
          boolean edge = n % 16 <= 1 || n < 8;
          listing.add(lies == Placement.STRIDED && n % 16 <= 1 && n < 64 ? Level.QUICK : lies == Placement.PACKED || edge && x == DType.F16 ? Level.STANDARD : Level.FULL,
              signature().of("n", n, "x", x.label(), "lies", lies));
        }
      }
      for (Picks picks : Picks.values()) {
        listing.add(Level.QUICK, signature().of("rows", 9, "x", x.label(), "picks", picks));
        listing.add(Level.STANDARD, signature().of("rows", 9, "t", 1, "x", x.label(), "picks", picks, "lies", Placement.STRIDED));
      }
      for (Fill fill : Fill.values()) {
        listing.add(x == DType.F16 ? Level.QUICK : Level.STANDARD, signature().of("x", x.label(), "fill", fill));
      }
      for (int rows : new int[] {0, 1, 2, 17, 33, 257}) {
        listing.add(rows < 2 ? Level.QUICK : Level.STANDARD, signature().of("rows", rows, "x", x.label()));
      }
      for (int count : new int[] {0, 1, 2, 5, 77, -2}) {
        listing.add(x == DType.F32 ? Level.QUICK : Level.STANDARD, signature().of("x", x.label(), "lies", Placement.STRIDED, "count", count));
        listing.add(x == DType.F32 ? Level.QUICK : Level.STANDARD, signature().of("x", x.label(), "tokens", count));
        listing.add(Level.STANDARD, signature().of("x", x.label(), "count", 3, "tokens", count, "picks", Picks.OUTSIDE));
      }
      for (ModelShape model : listing.models()) {
        listing.add(x == DType.F32 ? model.least() : Listing.later(Level.STANDARD, model.least()),
            signature().of("rows", 3, "t", listing.sized(512, 32, 32), "n", listing.sized(model.hidden(), 512, 64), "x", x.label()));
      }
    }
  }

  @Override
  Trial trial(Values values, Workbench bench) {
    DType type = values.dtype("x");
    int rows = values.size("rows");
    int t = values.size("t");
    int n = values.size("n");
    if (t == 0) {
      throw values.wrong("t", "1 or more");
    }
    OptionalInt tokens = values.optional("tokens");
    // An index is not checked against the count of x, so every row of x is there, whatever its count says.
    Tensor x = bench.input(type, values.choice("lies", Placement.class), values.choice("fill", Fill.class).values(values.seed("x"), t * n), t, n);
    Tensor source = tokens.isPresent() ? x.withCount(bench.ints(tokens.getAsInt())) : x;
    int[] picks = values.choice("picks", Picks.class).of(values.seed("picks"), rows, t);
    Tensor indices = MoveFamily.placed(values, bench, DType.I32, rows);
    bench.fill(indices, Arrays.stream(picks).limit(MoveFamily.within(values, rows)).asDoubleStream().toArray());
    Tensor y = MoveFamily.placed(values, bench, type, rows, n);
    Trial trial = Trial.of(new GatherRows(source, indices, y)).expect(Bounds.EXACT);
    if (rows < 2 || values.optional("count").isPresent()) {
      return trial;
    }
    int kept = rows / 2;
    return trial.independent(() -> {
      for (int r = 0; r < t; r++) {
        if (r != picks[kept]) {
          bench.fill(x.slice(0, r, r + 1), Fill.NAN.values(values.seed("others") + r, n));
        }
      }
      for (int r = 0; r < rows; r++) {
        if (r != kept) {
          bench.fill(indices.slice(0, r, r + 1), r % t);
        }
      }
    }, y.slice(0, kept, kept + 1));
  }
}
