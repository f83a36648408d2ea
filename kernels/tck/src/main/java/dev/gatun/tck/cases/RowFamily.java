package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.Tensor;
import dev.gatun.tck.Level;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;
import java.util.Arrays;
import java.util.List;

/** Operators whose every row stands by itself: sizes round every vector width, counts, types, placements and special inputs are the same for all of them. */
abstract class RowFamily extends OperatorFamily {
  static final List<DType> FLOATS = List.of(DType.F32, DType.F16, DType.BF16);

  /** Up to this many elements the rows are run again among other neighbours. */
  private static final int MOST_DISTURBED = 1 << 16;

  RowFamily(Group group, Signature signature) {
    super(group, signature);
  }

  /** Names that every operator over rows has. */
  static Signature signature(String operator) {
    return new Signature(operator).with("rows", 1).with("n", 64).with("x", "f32").with("y", "f32").with("lies", Placement.PACKED)
        .with("count", Values.NONE).with("fill", Fill.NORMAL);
  }

  @Override
  public String column(Values values) {
    return values.text("x");
  }

  /** The cases that every operator over rows has. */
  final void covering(Listing listing) {
    for (int n : new int[] {1, 2, 7, 16, 31, 32, 33, 130, 257, 1031}) {
      listing.add(Level.QUICK, signature().of("rows", 3, "n", n));
    }
    for (int n : new int[] {3, 8, 15, 17, 63, 64, 65, 97, 127, 128, 129, 255, 256, 511, 513, 1023, 1024, 1025, 2047, 4097}) {
      listing.add(Level.STANDARD, signature().of("rows", 3, "n", n));
    }
    for (int rows : new int[] {0, 1, 2, 13}) {
      listing.add(Level.QUICK, signature().of("rows", rows, "n", 40, "lies", Placement.STRIDED));
    }
    for (int rows : new int[] {31, 64, 257}) {
      listing.add(Level.STANDARD, signature().of("rows", rows, "n", 48));
    }
    for (DType x : FLOATS) {
      for (DType y : FLOATS) {
        for (Placement placement : Placement.values()) {
          listing.add(placement.ordinal() == (x.ordinal() + y.ordinal()) % 3 ? Level.QUICK : Level.STANDARD,
              signature().of("rows", 3, "n", 45, "x", x.label(), "y", y.label(), "lies", placement));
        }
      }
      for (Fill fill : Fill.values()) {
        listing.add(x == DType.F32 ? Level.QUICK : Level.STANDARD, signature().of("rows", 3, "n", 70, "x", x.label(), "fill", fill));
      }
    }
    for (int count : new int[] {0, 1, 2, 9, -4}) {
      listing.add(Level.QUICK, signature().of("rows", 3, "n", 24, "lies", Placement.STRIDED, "count", count));
    }
  }

  /** An input of the case's rows and placement; its dtype is under {@code name}; rows past the count are poison. */
  static Tensor rows(Values values, Workbench bench, String name, Fill fill, int... inner) {
    Tensor tensor = bench.place(values.dtype(name), values.choice("lies", Placement.class), shape(values, inner));
    int actual = values.optional("count").stream().map(count -> Math.clamp(count, 0, values.size("rows"))).findFirst().orElse(values.size("rows"));
    bench.fill(tensor, fill.values(values.seed(name), actual * Arrays.stream(inner).reduce(1, Math::multiplyExact)));
    return bench.counted(tensor, values.optional("count"));
  }

  /** The output for it, poisoned. */
  static Tensor rowsOut(Values values, Workbench bench, String name, int... inner) {
    return bench.counted(bench.place(values.dtype(name), values.choice("lies", Placement.class), shape(values, inner)), values.optional("count"));
  }

  private static long[] shape(Values values, int... inner) {
    long[] shape = new long[inner.length + 1];
    shape[0] = values.size("rows");
    for (int i = 0; i < inner.length; i++) {
      shape[i + 1] = inner[i];
    }
    return shape;
  }

  /** The middle row of {@code y} does not depend on the other rows of {@code x}. */
  static Trial independentRows(Values values, Workbench bench, Trial trial, Tensor x, Tensor y) {
    int rows = values.size("rows");
    if (rows < 2 || values.optional("count").isPresent() || x.shape().elements() > MOST_DISTURBED) {
      return trial;
    }
    int kept = rows / 2;
    int inner = Math.toIntExact(x.shape().elements() / rows);
    return trial.independent(() -> {
      for (int r = 0; r < rows; r++) {
        if (r != kept) {
          bench.fill(x.slice(0, r, r + 1), (r == 0 ? Fill.NAN : Fill.OUTLIERS).values(values.seed("others") + r, inner));
        }
      }
    }, y.slice(0, kept, kept + 1));
  }
}
