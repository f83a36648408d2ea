package dev.gatun.tck.cases;

import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Shape;
import dev.gatun.Tensor;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.lab.Bounds;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Inputs;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** {@link Copy}: every pair of types, strides of any kind on both sides. */
final class CopyFamily extends MoveFamily {
  private static final List<DType> FLOATS = List.of(DType.F32, DType.F16, DType.BF16, DType.F8_E4M3, DType.F8_E5M2);
  private static final List<DType> INTEGERS = List.of(DType.I8, DType.I32);

  /** An odd number whose multiples visit every pattern of 16 bits in a scattered order. */
  private static final int SCATTER = 40503;

  /** Which elements follow each other in memory. */
  private enum Strides {
    /** Those of a row. */
    ROWS,
    /** Those of a column of x. */
    COLUMNS_X,
    /** Those of a column of y. */
    COLUMNS_Y,
    /** Of x: none, there are gaps everywhere. */
    SPREAD_X,
    /** Of y: none, there are gaps everywhere. */
    SPREAD_Y
  }

  /** What x holds. */
  private enum Contents {
    /** What {@code fill} says; integers over their whole range. */
    FILL,
    /** Zeros of both signs, infinities, NaN, largest and smallest values, and the middles between neighbours of every type. */
    SPECIAL,
    /** Bit patterns, all of them if there are 65,536 elements. */
    PATTERNS
  }

  CopyFamily() {
    super(MoveFamily.signature("copy").with("x", "f32").with("y", "f32").with("fill", Fill.NORMAL).with("strides", Strides.ROWS)
        .with("contents", Contents.FILL));
  }

  @Override
  public String column(Values values) {
    return values.text("x");
  }

  @Override
  public void list(Listing listing) {
    for (DType x : DType.values()) {
      for (DType y : DType.values()) {
        if (converts(x, y)) {
          pair(listing, x, y);
        }
      }
    }
    for (DType x : new DType[] {DType.F16, DType.BF16}) {
      listing.add(Level.QUICK, signature().of("rows", listing.sized(64, 4, 4), "n", 1024, "x", x.label(), "contents", Contents.PATTERNS));
    }
    for (Fill fill : Fill.values()) {
      listing.add(Level.QUICK, signature().of("rows", 3, "n", 70, "fill", fill));
      listing.add(Level.STANDARD, signature().of("rows", 3, "n", 70, "y", "f16", "fill", fill));
    }
    for (String shape : new String[] {"7", "1", "2+3+5", "2+3+2+5", "3+1+1+8", "0", "3+0", "0+4+4", "2+0+3"}) {
      for (Placement lies : Placement.values()) {
        listing.add(lies == Placement.STRIDED ? Level.QUICK : Level.STANDARD, signature().of("shape", shape, "y", "f16", "lies", lies));
        listing.add(Level.STANDARD, signature().of("shape", shape, "lies", lies));
      }
    }
    for (int count : new int[] {0, 1, 2, 3, 9, -4}) {
      listing.add(Level.QUICK, signature().of("rows", 3, "n", 24, "lies", Placement.STRIDED, "count", count));
      listing.add(Level.STANDARD, signature().of("shape", "3+4+6", "x", "bf16", "lies", Placement.STRIDED, "count", count));
      listing.add(Level.STANDARD, signature().of("rows", 3, "n", 24, "y", "f16", "strides", Strides.COLUMNS_X, "count", count));
    }
    for (int n : new int[] {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 1023, 1025, 4097}) {
      listing.add(n % 32 == 1 ? Level.QUICK : Level.STANDARD, signature().of("rows", 3, "n", n, "y", "bf16"));
      listing.add(Level.STANDARD, signature().of("rows", 1, "n", n, "x", "i8", "y", "i8", "lies", Placement.SHIFTED));
    }
    for (ModelShape model : listing.models()) {
      for (DType y : List.of(DType.F32, DType.F16, DType.F8_E4M3)) {
        listing.add(Listing.later(model.least(), y == DType.F16 ? Level.QUICK : Level.STANDARD), signature().of("rows", listing.sized(256, 32, 32),
            "n", listing.sized(model.hidden(), 512, 64), "y", y.label()));
      }
    }
  }

  private static boolean converts(DType x, DType y) {
    return !x.isBlock() && !y.isBlock() && (x == y || FLOATS.contains(x) && FLOATS.contains(y));
  }

  private void pair(Listing listing, DType x, DType y) {
    for (Placement lies : Placement.values()) {
      int turn = (lies.ordinal() + x.ordinal() + y.ordinal()) % 3;
      listing.add(turn == 0 ? Level.QUICK : turn == 1 ? Level.STANDARD : Level.FULL,
          signature().of("rows", 3, "n", 67, "lies", lies, "x", x.label(), "y", y.label(), "fill", Fill.WIDE));
    }
    listing.add(Level.QUICK, signature().of("n", special(x).length, "x", x.label(), "y", y.label(), "contents", Contents.SPECIAL));
    listing.add(Level.STANDARD, signature().of("rows", 16, "n", 16, "x", x.label(), "y", y.label(), "contents", Contents.PATTERNS));
    listing.add(Level.FULL, signature().of("rows", 64, "n", 1024, "x", x.label(), "y", y.label(), "contents", Contents.PATTERNS));
    for (Strides strides : Strides.values()) {
      boolean turn = strides.ordinal() == 1 + (x.ordinal() + 2 * y.ordinal()) % 4;
      for (int rows : new int[] {5, 1, 33}) {
        listing.add(turn && rows == 5 && x.ordinal() <= y.ordinal() ? Level.QUICK : rows == 5 ? Level.STANDARD : Level.FULL,
            signature().of("rows", rows, "n", 34, "x", x.label(), "y", y.label(), "fill", Fill.WIDE, "strides", strides));
      }
    }
  }

  @Override
  Trial trial(Values values, Workbench bench) {
    DType from = values.dtype("x");
    DType to = values.dtype("y");
    if (!converts(from, to)) {
      throw values.wrong("y", "a type that " + from.label() + " converts to");
    }
    Strides strides = values.choice("strides", Strides.class);
    Tensor x = strided(values, bench, from, strides == Strides.COLUMNS_X, strides == Strides.SPREAD_X);
    Tensor y = strided(values, bench, to, strides == Strides.COLUMNS_Y, strides == Strides.SPREAD_Y);
    fill(values, bench, x);
    Copy copy = new Copy(x, y);
    return independentRows(values, bench, Trial.of(copy).expect(Bounds.EXACT).expect(new SignedZeros(copy)), x, y);
  }

  private static Tensor strided(Values values, Workbench bench, DType type, boolean columns, boolean spread) {
    long[] shape = shape(values);
    if (!columns && !spread) {
      return placed(values, bench, type, shape);
    }
    if (shape.length != 2) {
      throw values.wrong("strides", "rows, for a shape that is not of two sizes");
    }
    Tensor lying = bench.place(type, values.choice("lies", Placement.class), columns ? shape[1] : shape[0], columns ? shape[0] : 3 * shape[1]);
    Tensor view = columns ? Tensor.of(lying.storage(), lying.offset(), type, Shape.of(shape), lying.stride(1), lying.stride(0))
        : Tensor.of(lying.storage(), lying.offset(), type, Shape.of(shape), lying.stride(0), 3);
    return bench.counted(view, values.optional("count"));
  }

  private static void fill(Values values, Workbench bench, Tensor x) {
    int n = within(values, shape(values));
    switch (values.choice("contents", Contents.class)) {
      case FILL -> bench.fill(x, switch (x.dtype()) {
        case I8 -> widened(Inputs.integers(values.seed("x"), n, Byte.MIN_VALUE, Byte.MAX_VALUE + 1));
        case I32 -> widened(Inputs.integers(values.seed("x"), n, Integer.MIN_VALUE, Integer.MAX_VALUE));
        default -> values.choice("fill", Fill.class).values(values.seed("x"), n);
      });
      case SPECIAL -> {
        double[] special = special(x.dtype());
        double[] contents = new double[n];
        for (int i = 0; i < n; i++) {
          contents[i] = special[i % special.length];
        }
        bench.fill(x, contents);
      }
      case PATTERNS -> patterns(values, x, n);
    }
  }

  private static double[] widened(int... integers) {
    return Arrays.stream(integers).asDoubleStream().toArray();
  }

  private static void patterns(Values values, Tensor x, int n) {
    if (!x.isContiguous()) {
      throw values.wrong("contents", "fill or special, for elements with gaps");
    }
    MemorySegment memory = Host.buffers().memory(x);
    int bytes = x.dtype().blockBytes();
    for (int i = 0; i < n * bytes; i++) {
      int element = i / bytes;
      int pattern = bytes == 1 ? element : element * SCATTER;
      // The two high bytes of a wide element; its low ones follow the count, so that rounding sees all kinds of remainders.
      int shift = 8 * (i % bytes) - (bytes > 2 ? 16 : 0);
      memory.set(ValueLayout.JAVA_BYTE, x.offset() + i, (byte) (shift >= 0 ? pattern >> shift : element * 37 >> shift + 16));
    }
  }

  /** What a conversion may get wrong, each value with both signs. */
  private static double[] special(DType from) {
    if (INTEGERS.contains(from)) {
      return new double[] {0, 1, -1, 100, -100, 127, -128};
    }
    List<Double> list = new ArrayList<>(List.of(0.0, 1.0, 65504.0, 65519.0, 65520.0, 70000.0, 448.0, 464.0, 465.0, 480.0, 1000.0, 57344.0, 61439.0, 61440.0,
        1e30, 1e-40, 1e-45, 6e-8, 3e-8, 2.98e-8, 0x1p-9, 0x1p-10, 0x1.8p-9, 0x1p-16, 0x1p-17, 0x1.8p-17, 0x1.000002p-10, 3.3895314e38, 3.3961776e38,
        3.4028234e38, Double.POSITIVE_INFINITY));
    for (int mantissa : new int[] {10, 7, 3, 2}) {
      for (int exponent : new int[] {-16, -8, -3, 0, 5}) {
        for (int step = 0; step < 3; step++) {
          double middle = Math.scalb(1 + Math.scalb(2 * step + 1.0, -mantissa - 1), exponent);
          list.addAll(List.of(middle, (double) Math.nextUp((float) middle), (double) Math.nextDown((float) middle)));
        }
      }
    }
    List<Double> both = new ArrayList<>(list);
    list.forEach(value -> both.add(-value));
    both.add(Double.NaN);
    return both.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
