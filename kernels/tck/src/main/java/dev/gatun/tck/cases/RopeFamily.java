package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.Rope;
import dev.gatun.Rotation;
import dev.gatun.Rotation.Pairs;
import dev.gatun.Rotation.Scaling;
import dev.gatun.Tensor;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.TestCase;
import dev.gatun.tck.lab.Bounds;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;
import dev.gatun.tck.oracle.Inputs;
import java.util.Arrays;
import java.util.Optional;

/** {@link Rope}. */
final class RopeFamily extends OperatorFamily {
  /** Neither in order nor without repetition; the last is the end of a context of 128 Ki. */
  private static final int[] POSITIONS = {1, 0, 17, 4095, 17, 131_071};
  private static final String[] SCALINGS = {"linear:4", "llama3:8:1:4:8192", "llama3:32:1:4:256", "yarn:4:4096:1:32:1",
      "yarn:40:512:0.8:32:1",
      "yarn:1:4096:1:32:1"};

  RopeFamily() {
    super(Group.ROWS, RowFamily.signature("rope").with("heads", 2).with("pairs", Pairs.HALF_SPLIT).with("dims", Values.NONE).with("base",
        10_000)
        .with("scaling", Values.NONE).with("magnitude", 1).with("factors", false).with("at", POSITIONS).with("inplace", false));
  }

  @Override
  public String column(Values values) {
    return values.text("x");
  }

  @Override
  public void list(Listing listing) {
    for (Pairs pairs : Pairs.values()) {
      for (int size : new int[] {2, 4, 16, 24, 40, 64, 80, 96, 128, 192, 256, 320, 576}) {
        listing.add(size % 80 == 0 || size == 2 || size == 64 ? Level.QUICK : Level.STANDARD, of(pairs, "rows", 6, "n", size, "heads", 3));
        for (DType type : RowFamily.FLOATS) {
          for (Placement placement : Placement.values()) {
            listing.add(Level.STANDARD, of(pairs, "rows", 6, "n", size, "heads", 3, "x", type.label(), "y", type.label(), "lies",
                placement));
          }
          listing.add(Level.STANDARD, of(pairs, "rows", 6, "n", size, "x", type.label(), "y", type.label(), "inplace", true));
        }
      }
      for (int dims : new int[] {2, 6, 20, 38, 40}) {
        listing.add(dims == 6 || dims == 38 ? Level.QUICK : Level.STANDARD, of(pairs, "rows", 5, "n", 40, "dims", dims, "base", 1_000_000));
        listing.add(dims == 20 ? Level.QUICK : Level.STANDARD, of(pairs, "rows", 5, "n", 40, "dims", dims, "inplace", true, "lies",
            Placement.STRIDED));
        listing.add(Level.STANDARD, of(pairs, "rows", 5, "n", 41, "dims", dims));
      }
      for (String scaling : SCALINGS) {
        for (int base : new int[] {10_000, 500_000}) {
          for (boolean factors : new boolean[] {false, true}) {
            for (String magnitude : new String[] {"1", "1.19"}) {
              listing.add(base == 500_000 && !factors && magnitude.equals("1") ? Level.QUICK : Level.STANDARD,
                  of(pairs, "rows", 6, "scaling", scaling, "base", base, "factors", factors, "magnitude", magnitude));
              for (int size : new int[] {24, 96, 128}) {
                listing.add(Level.FULL, of(pairs, "rows", 6, "n", size, "scaling", scaling, "base", base, "factors", factors, "magnitude",
                    magnitude, "x",
                    "f16", "y", "bf16"));
              }
            }
          }
        }
      }
      listing.add(Level.QUICK, of(pairs, "rows", 6, "factors", true));
      listing.add(Level.QUICK, of(pairs, "rows", 6, "magnitude", "1.19"));
      for (DType x : RowFamily.FLOATS) {
        for (DType y : RowFamily.FLOATS) {
          for (Placement placement : Placement.values()) {
            listing.add(placement.ordinal() == (x.ordinal() + y.ordinal()) % 3 && pairs == Pairs.HALF_SPLIT ? Level.QUICK : Level.STANDARD,
                of(pairs, "rows", 6, "n", 40, "x", x.label(), "y", y.label(), "lies", placement));
          }
        }
        for (Fill fill : Fill.values()) {
          listing.add(x == DType.F32 && (fill == Fill.ONE_NAN || fill == Fill.INFINITE) ? Level.QUICK : Level.STANDARD,
              of(pairs, "rows", 3, "n", 24, "dims", 20, "x", x.label(), "fill", fill));
        }
      }
      for (int count : new int[] {0, 1, 2, 9, -4}) {
        listing.add(count < 2 ? Level.QUICK : Level.STANDARD, of(pairs, "rows", 3, "n", 24, "lies", Placement.STRIDED, "count", count));
      }
      for (int rows : new int[] {0, 1, 31, 257}) {
        listing.add(rows < 2 ? Level.QUICK : Level.STANDARD, of(pairs, "rows", rows, "n", 32, "heads", 3));
      }
      for (int position : new int[] {0, 8191, 131_071, 1_048_575, 16_777_217}) {
        listing.add(position > 1_000_000 ? Level.STANDARD : Level.QUICK, of(pairs, "rows", 1, "n", 128, "at", position, "base", 500_000));
      }
      models(listing, pairs);
    }
  }

  private void models(Listing listing, Pairs pairs) {
    for (ModelShape model : listing.models()) {
      // What is wider than any head that turns as a whole has a part of 64 that does.
      String dims = model.keySize() > 128 ? "64" : Values.NONE;
      Object base = model.ropeBase() == (int) model.ropeBase() ? (Object) (int) model.ropeBase() : model.ropeBase();
      for (int heads : new int[] {listing.sized(model.heads(), 8, 4), listing.sized(model.kvHeads(), 4, 4)}) {
        for (DType type : RowFamily.FLOATS) {
          for (int rows : new int[] {1, listing.sized(65, 9, 8)}) {
            listing.add(type == DType.F32 && rows > 1 ? model.least() : Listing.later(Level.STANDARD, model.least()), of(pairs, "rows",
                rows, "n",
                model.keySize(), "heads", heads, "dims", dims, "base", base, "x", type.label(), "y", type.label(),
                    "inplace", true));
          }
        }
      }
    }
  }

  private TestCase of(Pairs pairs, Object... namesAndValues) {
    Object[] all = Arrays.copyOf(namesAndValues, namesAndValues.length + 2);
    all[namesAndValues.length] = "pairs";
    all[namesAndValues.length + 1] = pairs;
    return signature().of(all);
  }

  @Override
  Trial trial(Values values, Workbench bench) {
    int rows = values.size("rows");
    int size = values.size("n");
    int heads = values.size("heads");
    int[] at = values.list("at");
    int dims = values.optional("dims").orElse(size / 2 * 2);
    if (dims <= 0 || dims % 2 != 0 || dims > size) {
      throw values.wrong("dims", "even and no more than n");
    }
    Tensor x = RowFamily.rows(values, bench, "x", values.choice("fill", Fill.class), heads, size);
    Tensor y = values.on("inplace") ? x : RowFamily.rowsOut(values, bench, "y", heads, size);
    int actual = values.optional("count").stream().map(count -> Math.clamp(count, 0, rows)).findFirst().orElse(rows);
    int[] positions = new int[rows];
    for (int t = 0; t < rows; t++) {
      positions[t] = t < actual ? at[t % at.length] : -1;
    }
    Optional<Tensor> factors = values.on("factors") ? Optional.of(bench.vector(Inputs.uniform(values.seed("factors"), dims / 2, 1, 40)))
        : Optional.empty();
    Rotation rotation = new Rotation(values.choice("pairs", Pairs.class), dims, values.real("base"), scaling(values),
        values.real("magnitude"));
    Rope rope = new Rope(x, bench.counted(bench.ints(positions), values.optional("count")), factors, rotation, y);
    return RowFamily.independentRows(values, bench, Trial.of(rope).expect(Bounds.ROPE), x, y);
  }

  /** A scaling as cases write it: its name and its numbers in the order of the record. */
  private static Scaling scaling(Values values) {
    String[] parts = values.text("scaling").split(":");
    try {
      double[] numbers = Arrays.stream(parts).skip(1).mapToDouble(Double::parseDouble).toArray();
      return switch (parts[0]) {
        case Values.NONE -> new Scaling.None();
        case "linear" -> new Scaling.Linear(numbers[0]);
        case "llama3" -> new Scaling.Llama3(numbers[0], numbers[1], numbers[2], (long) numbers[3]);
        case "yarn" -> new Scaling.Yarn(numbers[0], (long) numbers[1], numbers[2], numbers[3], numbers[4]);
        default -> throw new NumberFormatException();
      };
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      throw values.wrong("scaling", "none, linear:FACTOR, llama3:FACTOR:LOW:HIGH:CONTEXT or yarn:FACTOR:CONTEXT:ATTENTION:FAST:SLOW");
    }
  }
}
