package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.Operator;
import dev.gatun.Tensor;
import dev.gatun.tck.Level;
import dev.gatun.tck.lab.Bound;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Operators whose every row stands by itself: sizes round every vector width, counts, types, placements and special inputs are the same
 * for all of them.
 */
abstract class RowFamily extends OperatorFamily {
  static final List<DType> FLOATS = List.of(DType.F32, DType.F16, DType.BF16);

  /** Up to this many elements the rows are run again among other neighbours. */
  private static final int MOST_DISTURBED = 1 << 16;

  /** Up to this many elements the oracle is asked for all of them. */
  private static final int MOST_ASKED = 1 << 18;

  /** A line typed by hand must not ask for all memory. */
  private static final int MOST_ELEMENTS = 1 << 28;

  /** Tensors have at most four dimensions. */
  private static final int MOST_INNER = 3;

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

  /** The contents that {@link #covering} lists. */
  List<Fill> fills() {
    return List.of(Fill.values());
  }

  /** The cases that every operator over rows has. */
  final void covering(Listing listing) {
    covering(listing, FLOATS, FLOATS);
  }

  /**
   * The cases that every operator over rows has.
   *
   * @param inputs what {@code x} may be; empty if the family has no such name
   * @param outputs what {@code y} may be; empty if the family has no such name
   */
  final void covering(Listing listing, List<DType> inputs, List<DType> outputs) {
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
    types(listing, inputs, outputs);
    for (int count : new int[] {0, 1, 2, 9, -4}) {
      listing.add(Level.QUICK, signature().of("rows", 3, "n", 24, "lies", Placement.STRIDED, "count", count));
    }
  }

  private void types(Listing listing, List<DType> inputs, List<DType> outputs) {
    for (Placement placement : Placement.values()) {
      for (DType x : inputs.isEmpty() ? List.of(DType.F32) : inputs) {
        for (DType y : outputs.isEmpty() ? List.of(DType.F32) : outputs) {
          Level level = placement.ordinal() == (x.ordinal() + y.ordinal()) % 3 || inputs.isEmpty() ? Level.QUICK : Level.STANDARD;
          listing.add(level, signature().of(named(inputs, x, outputs, y, "rows", 3, "n", 45, "lies", placement)));
        }
      }
    }
    for (DType x : inputs.isEmpty() ? List.of(DType.F32) : inputs) {
      for (Fill fill : fills()) {
        listing.add(Level.values()[x.ordinal()], signature().of(named(inputs, x, List.of(), x, "rows", 3, "n", 70, "fill", fill)));
      }
    }
  }

  private static Object[] named(List<DType> inputs, DType x, List<DType> outputs, DType y, Object... others) {
    List<Object> all = new ArrayList<>(Arrays.asList(others));
    if (!inputs.isEmpty()) {
      all.addAll(List.of("x", x.label()));
    }
    if (!outputs.isEmpty()) {
      all.addAll(List.of("y", y.label()));
    }
    return all.toArray();
  }

  /** An input of the case's rows and placement; its dtype is under {@code name}; rows past the count are poison. */
  static Tensor rows(Values values, Workbench bench, String name, Fill fill, int... inner) {
    return rows(values, bench, values.dtype(name), n -> fill.values(values.seed(name), n), inner);
  }

  /** The same of a given dtype, with the elements that {@code contents} gives for their number. */
  static Tensor rows(Values values, Workbench bench, DType type, IntFunction<double[]> contents, int... inner) {
    long[] shape = shape(values, inner);
    Tensor tensor = bench.place(type, values.choice("lies", Placement.class), shape);
    long actual = values.optional("count").stream().mapToLong(count -> Math.clamp(count, 0L, shape[0])).findFirst().orElse(shape[0]);
    bench.fill(tensor, contents.apply(Math.toIntExact(Arrays.stream(shape).skip(1).reduce(actual, Math::multiplyExact))));
    return bench.counted(tensor, values.optional("count"));
  }

  /** The output for it, poisoned. */
  static Tensor rowsOut(Values values, Workbench bench, String name, int... inner) {
    return rowsOut(values, bench, values.dtype(name), inner);
  }

  /** The same of a given dtype. */
  static Tensor rowsOut(Values values, Workbench bench, DType type, int... inner) {
    return bench.counted(bench.place(type, values.choice("lies", Placement.class), shape(values, inner)), values.optional("count"));
  }

  /**
   * What lies within an index of dimension 0: the sizes under {@code middle}, then {@code n}; nothing where {@code n} is {@code none},
   * which makes one dimension.
   */
  static int[] inner(Values values) {
    if (values.optional("n").isEmpty()) {
      return new int[0];
    }
    int[] middle = values.text("middle").equals(Values.NONE) ? new int[0] : values.list("middle");
    int[] inner = Arrays.copyOf(middle, middle.length + 1);
    inner[middle.length] = values.size("n");
    if (inner.length > MOST_INNER || Arrays.stream(middle).anyMatch(size -> size < 0)) {
      throw values.wrong("middle", "one or two sizes");
    }
    return inner;
  }

  private static long[] shape(Values values, int... inner) {
    long[] shape = new long[inner.length + 1];
    shape[0] = values.size("rows");
    double elements = shape[0];
    for (int i = 0; i < inner.length; i++) {
      shape[i + 1] = inner[i];
      elements *= inner[i];
    }
    if (elements > MOST_ELEMENTS) {
      throw values.wrong("rows", "so that a tensor has no more than " + MOST_ELEMENTS + " elements");
    }
    return shape;
  }

  /** The middle row of {@code y} does not depend on the other rows of {@code x}. */
  static Trial independentRows(Values values, Workbench bench, Trial trial, Tensor x, Tensor y) {
    return independentRows(values, bench, trial, List.of(x), y);
  }

  /** The middle row of each of {@code ys} does not depend on the other rows of any of {@code xs}. */
  static Trial independentRows(Values values, Workbench bench, Trial trial, List<Tensor> xs, Tensor... ys) {
    int rows = values.size("rows");
    if (rows < 2 || values.optional("count").isPresent() || xs.getFirst().shape().elements() > MOST_DISTURBED) {
      return trial;
    }
    int kept = rows / 2;
    return trial.independent(() -> {
      for (Tensor x : xs) {
        int inner = Math.toIntExact(x.shape().elements() / rows);
        for (int r = 0; r < rows; r++) {
          if (r != kept) {
            bench.fill(x.slice(0, r, r + 1), (r == 0 ? Fill.NAN : Fill.OUTLIERS).values(values.seed("others") + r, inner));
          }
        }
      }
    }, Arrays.stream(ys).map(y -> y.slice(0, kept, kept + 1)).toArray(Tensor[]::new));
  }

  /**
   * The outputs are the oracle's: all of a small result, of a large one a sample of its rows, which are dimension 0 of each of {@code
   * byRow}.
   */
  static Trial expectRows(Values values, Operator whole, Bound bound, Tensor... byRow) {
    Trial trial = Trial.of(whole);
    int rows = values.size("rows");
    if (byRow[0].shape().elements() <= MOST_ASKED || values.optional("count").isPresent()) {
      return trial.expect(bound);
    }
    int most = Math.toIntExact(Math.max(2, MOST_ASKED / (byRow[0].shape().elements() / rows)));
    List<Operator> sampled = new ArrayList<>();
    for (int row : Sampling.rows(values.seed("sample"), rows, most)) {
      sampled.add(whole.with(t -> Arrays.stream(byRow).anyMatch(t::isSameView) ? t.slice(0, row, row + 1) : t));
    }
    return trial.expect(sampled, bound);
  }
}
