package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.Embedding;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;
import java.util.Arrays;

/** {@link Embedding}, from tables of every type. */
final class EmbeddingFamily extends OperatorFamily {
  private static final int SUPER_BLOCK = 256;

  /** Tables up to this many elements hold values as a model's do; larger ones random codes, which is quicker. */
  private static final long MOST_ENCODED = 1 << 16;

  EmbeddingFamily() {
    super(Group.MOVES, new Signature("embedding").with("rows", 5).with("v", 11).with("n", SUPER_BLOCK).with("table", "f32").with("y", "f32")
        .with("lies", Placement.PACKED).with("count", Values.NONE).with("ids", Picks.INSIDE).with("codes", Codes.NEAR).with("weight", Weight.PLAIN));
  }

  @Override
  public String column(Values values) {
    return values.text("table");
  }

  @Override
  public void list(Listing listing) {
    for (DType table : MoveFamily.WEIGHTS) {
      boolean common = MoveFamily.COMMON.contains(table);
      int n = table.isBlock() ? 2 * table.blockSize() : 37;
      Level second = common ? Level.QUICK : Level.STANDARD;
      Level third = common ? Level.STANDARD : Level.FULL;
      for (Weight weight : Weight.values()) {
        listing.add(weight == Weight.PLAIN ? Level.QUICK : second, signature().of("n", n, "table", table.label(), "weight", weight));
        listing.add(third, signature().of("n", n, "table", table.label(), "weight", weight, "ids", Picks.OUTSIDE, "lies", Placement.STRIDED));
        listing.add(third, signature().of("n", n, "table", table.label(), "weight", weight, "codes", Codes.ANY));
      }
      for (DType y : RowFamily.FLOATS) {
        for (Placement lies : Placement.values()) {
          listing.add(y != DType.F32 && lies.ordinal() == (table.ordinal() + y.ordinal()) % 3 ? second : third,
              signature().of("n", n, "table", table.label(), "y", y.label(), "lies", lies));
        }
      }
      listing.add(Level.QUICK, signature().of("rows", 7, "n", n, "table", table.label(), "ids", Picks.OUTSIDE));
      listing.add(Level.STANDARD, signature().of("rows", 7, "n", n, "table", table.label(), "y", "f16", "ids", Picks.OUTSIDE));
      listing.add(Level.STANDARD, signature().of("n", n, "table", table.label(), "ids", Picks.SAME));
      for (Codes codes : new Codes[] {Codes.ANY, Codes.ZERO, Codes.NONFINITE}) {
        if (codes.fits(table)) {
          listing.add(codes == Codes.ANY ? second : Level.STANDARD, signature().of("n", n, "table", table.label(), "codes", codes));
        }
      }
      for (int count : new int[] {0, 2, 5, 77, -2}) {
        listing.add(table == DType.F32 || table == DType.Q4_0 ? Level.QUICK : count == 2 ? Level.STANDARD : third,
            signature().of("n", n, "table", table.label(), "lies", Placement.STRIDED, "count", count));
      }
      for (int rows : new int[] {0, 1, 33, 512}) {
        listing.add(third, signature().of("rows", listing.sized(rows, 64, 32), "n", n, "table", table.label()));
      }
      int[] lengths = table.isBlock() ? new int[] {1, 3, 5, 8, 9, 17, 33} : new int[] {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 65, 129, 257, 1025};
      for (int length : lengths) {
        listing.add(third, signature().of("n", length * table.blockSize(), "table", table.label()));
      }
      listing.add(third, signature().of("v", 1, "n", n, "table", table.label()));
      for (ModelShape model : listing.models()) {
        vocabulary(listing, model, table);
      }
    }
  }

  private void vocabulary(Listing listing, ModelShape model, DType table) {
    int v = listing.sized(model.vocabulary(), 300, 256);
    int n = MoveFamily.wholeBlocks(listing.sized(model.hidden(), 512, SUPER_BLOCK), table);
    if (table == DType.Q4_0 || table == DType.BF16) {
      boolean first = table == DType.Q4_0;
      listing.add(first ? Listing.later(model.least(), Level.STANDARD) : Level.FULL, signature().of("rows", first ? 1 : listing.sized(512, 9, 8), "v", v, "n", n,
          "table", table.label(), "weight", Weight.TIED));
    }
    listing.add(table == DType.Q4_0 ? model.least() : MoveFamily.COMMON.contains(table) ? Listing.later(Level.STANDARD, model.least()) : Level.FULL,
        signature().of("rows", 7, "v", listing.sized(1031, 67, 64), "n", n, "table", table.label(), "weight", Weight.PREPARED));
  }

  @Override
  Trial trial(Values values, Workbench bench) {
    DType type = values.dtype("table");
    int rows = values.size("rows");
    int v = values.size("v");
    int n = values.size("n");
    if (n % type.blockSize() != 0) {
      throw values.wrong("n", "whole blocks of " + type.blockSize() + " elements");
    }
    if (v == 0) {
      throw values.wrong("v", "1 or more");
    }
    Placement lies = values.choice("lies", Placement.class);
    Codes codes = values.choice("codes", Codes.class);
    Tensor table = (codes == Codes.NEAR && (long) v * n > MOST_ENCODED ? Codes.ANY : codes).weight(bench, type, lies, values.seed("table"), 1, v, n);
    int[] picks = values.choice("ids", Picks.class).of(values.seed("ids"), rows, v);
    Tensor ids = MoveFamily.placed(values, bench, DType.I32, rows);
    bench.fill(ids, Arrays.stream(picks).limit(MoveFamily.within(values, rows)).asDoubleStream().toArray());
    Tensor y = MoveFamily.placed(values, bench, values.dtype("y"), rows, n);
    Weight weight = values.choice("weight", Weight.class);
    Trial trial = Trial.of(new Embedding(ids, weight.ready(bench, table, Use.EMBEDDING), y))
        .expect(new Embedding(ids, table, y), DequantizeFamily.bound(type, y.dtype()));
    if (rows < 2 || weight != Weight.PLAIN || values.optional("count").isPresent() || (long) v * n > MOST_ENCODED) {
      return trial;
    }
    int kept = rows / 2;
    return trial.independent(() -> {
      for (int r = 0; r < v; r++) {
        if (r != picks[kept]) {
          bench.fill(table.slice(0, r, r + 1), Fill.OUTLIERS.values(values.seed("others") + r, n));
        }
      }
      for (int r = 0; r < rows; r++) {
        if (r != kept) {
          bench.fill(ids.slice(0, r, r + 1), r % v);
        }
      }
    }, y.slice(0, kept, kept + 1));
  }
}
