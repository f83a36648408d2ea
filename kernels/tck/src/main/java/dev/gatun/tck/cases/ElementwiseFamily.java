package dev.gatun.tck.cases;

import dev.gatun.Add;
import dev.gatun.DType;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.Mul;
import dev.gatun.Operator;
import dev.gatun.Scale;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Tensor;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.TestCase;
import dev.gatun.tck.lab.Bound;
import dev.gatun.tck.lab.Bounds;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.function.ToIntFunction;

/** Operators whose every element stands by itself: of one operand, or of two at the same place. */
final class ElementwiseFamily extends RowFamily {
  /** The tile of the sizes that models give. */
  private static final int TILE = 64;
  private static final int MOST_EMULATED = 768;

  /** From this many elements on, what fast units are off by averages out. */
  private static final int LEAST_TELLING = 500;

  /** Which operand the result is written over. */
  private enum Over {
    /** Neither. */
    NONE,
    /** The first. */
    FIRST,
    /** The second. */
    SECOND
  }

  /** The operators. */
  enum Kind {
    /** {@link Add}. */
    ADD(2),
    /** {@link Mul}. */
    MUL(2),
    /** {@link Scale}. */
    SCALE(1),
    /** {@link Softcap}. */
    SOFTCAP(1),
    /** {@link SiluMul}. */
    SILU_MUL(2),
    /** {@link Gelu}. */
    GELU(1),
    /** {@link GeluMul}. */
    GELU_MUL(2);

    private final int operands;

    Kind(int operands) {
      this.operands = operands;
    }

    private boolean takesTwo() {
      return operands == 2;
    }

    private boolean repeats() {
      return this == ADD || this == MUL;
    }

    private boolean hasForm() {
      return this == GELU || this == GELU_MUL;
    }

    private Signature signature() {
      Signature signature = RowFamily.signature(name().toLowerCase(Locale.ROOT)).with("middle", Values.NONE).with("spread", "1.0")
          .with("inplace", Over.NONE);
      if (takesTwo()) {
        signature.with("b", "f32").with("other", Fill.NORMAL).with("same", false);
      }
      if (repeats()) {
        signature.with("repeat", false);
      }
      return switch (this) {
        case SCALE -> signature.with("factor", "-0.37");
        case SOFTCAP -> signature.with("cap", "1.25");
        case GELU, GELU_MUL -> signature.with("form", Gelu.Form.ERF);
        default -> signature;
      };
    }

    private Operator over(Values values, Tensor a, Tensor b, Tensor y) {
      return switch (this) {
        case ADD -> new Add(a, b, y);
        case MUL -> new Mul(a, b, y);
        case SCALE -> new Scale(a, values.number("factor"), y);
        case SOFTCAP -> new Softcap(a, values.number("cap"), y);
        case SILU_MUL -> new SiluMul(a, b, y);
        case GELU -> new Gelu(a, values.choice("form", Gelu.Form.class), y);
        case GELU_MUL -> new GeluMul(a, b, values.choice("form", Gelu.Form.class), y);
      };
    }

    private Bound bound(Values values) {
      return switch (this) {
        case ADD, MUL, SCALE -> Bounds.ELEMENTWISE;
        case SOFTCAP -> Bounds.ACTIVATION;
        case SILU_MUL -> vanishing(values, Bounds.ACTIVATION);
        case GELU -> Bounds.gelu(values.choice("form", Gelu.Form.class));
        case GELU_MUL -> vanishing(values, Bounds.gelu(values.choice("form", Gelu.Form.class)));
      };
    }

    /** A gate so far below zero that it vanishes in F32 gives NaN beside an infinity, where float64 still has an infinity. */
    private static Bound vanishing(Values values, Bound bound) {
      boolean near = values.choice("fill", Fill.class) == Fill.NORMAL && values.number("spread") <= 1;
      return values.choice("other", Fill.class) == Fill.INFINITE && !near ? bound.withAnyNonFinite() : bound;
    }

    /** The size that it meets in a model. */
    private ToIntFunction<ModelShape> size() {
      return switch (this) {
        case ADD, MUL, SCALE -> ModelShape::hidden;
        case SOFTCAP -> ModelShape::vocabulary;
        case SILU_MUL, GELU, GELU_MUL -> ModelShape::intermediate;
      };
    }
  }

  private final Kind kind;

  ElementwiseFamily(Kind kind) {
    super(Group.ROWS, kind.signature());
    this.kind = kind;
  }

  @Override
  public void list(Listing listing) {
    covering(listing);
    shapes(listing);
    inPlace(listing);
    ranges(listing);
    flags(listing);
    if (kind.takesTwo()) {
      pairs(listing);
    }
    for (ModelShape model : listing.models()) {
      int n = listing.sized(kind.size().applyAsInt(model), MOST_EMULATED, TILE);
      for (DType type : FLOATS) {
        Level least = type == DType.F32 ? model.least() : Listing.later(Level.STANDARD, model.least());
        listing.add(least, of(type, "rows", 1, "n", n));
        listing.add(Listing.later(Level.STANDARD, least), of(type, "rows", 7, "n", n));
        if (kind != Kind.SOFTCAP) {
          listing.add(Level.FULL, of(type, "rows", listing.sized(512, 33, 32), "n", n));
        }
      }
    }
    listing.add(Level.FULL, of(DType.F16, "rows", listing.sized(4099, 67, 64), "n", listing.sized(4097, 129, TILE)));
  }

  /** A case whose tensors are all of one dtype. */
  private TestCase of(DType type, Object... namesAndValues) {
    List<Object> all = new ArrayList<>(Arrays.asList(namesAndValues));
    all.addAll(List.of("x", type.label(), "y", type.label()));
    if (kind.takesTwo()) {
      all.addAll(List.of("b", type.label()));
    }
    return signature().of(all.toArray());
  }

  private void shapes(Listing listing) {
    for (Placement placement : Placement.values()) {
      Level level = placement == Placement.STRIDED ? Level.QUICK : Level.STANDARD;
      listing.add(level, signature().of("rows", 2, "middle", "3", "n", 19, "lies", placement));
      listing.add(level, signature().of("rows", 2, "middle", "3+2", "n", 9, "lies", placement));
      listing.add(level, signature().of("rows", 23, "n", Values.NONE, "lies", placement));
      listing.add(level, signature().of("rows", 3, "middle", "2", "n", 33, "lies", placement, "count", 2));
    }
    for (int rows : new int[] {0, 1, 1025}) {
      listing.add(Level.STANDARD, signature().of("rows", rows, "n", Values.NONE));
    }
    listing.add(Level.STANDARD, signature().of("rows", 23, "n", Values.NONE, "count", 7));
    listing.add(Level.QUICK, signature().of("rows", 2, "n", 0));
    listing.add(Level.STANDARD, signature().of("rows", 3, "middle", "0", "n", 5));
    listing.add(Level.STANDARD, signature().of("rows", 2, "middle", "3+0", "n", 5));
    listing.add(Level.STANDARD, signature().of("rows", 0, "n", Values.NONE, "count", 3));
    listing.add(Level.STANDARD, signature().of("rows", listing.sized(3001, 67, 64), "n", 1));
    listing.add(Level.STANDARD, signature().of("rows", 33, "n", listing.sized(3001, 569, TILE)));
  }

  private void inPlace(Listing listing) {
    for (Over over : kind.takesTwo() ? List.of(Over.FIRST, Over.SECOND) : List.of(Over.FIRST)) {
      for (Placement placement : Placement.values()) {
        for (DType type : FLOATS) {
          listing.add(placement.ordinal() == type.ordinal() % 3 ? Level.QUICK : Level.STANDARD,
              of(type, "rows", 3, "n", 41, "lies", placement, "inplace", over));
        }
      }
      listing.add(Level.STANDARD, signature().of("rows", 3, "n", 41, "inplace", over, "count", 2));
      listing.add(Level.STANDARD, signature().of("rows", 2, "middle", "3+2", "n", 9, "lies", Placement.STRIDED, "inplace", over));
      listing.add(Level.STANDARD, signature().of("rows", 23, "n", Values.NONE, "inplace", over));
    }
  }

  /** Where exponentials are flat, where they are steep, and where they leave F32. */
  private void ranges(Listing listing) {
    for (String spread : new String[] {"1e-4", "0.01", "0.3", "3.0", "20.0", "300.0", "1e10"}) {
      listing.add(spread.equals("20.0") || spread.equals("0.01") ? Level.QUICK : Level.STANDARD,
          signature().of("rows", 3, "n", 100, "spread", spread));
    }
  }

  private void flags(Listing listing) {
    if (kind == Kind.SCALE) {
      for (String factor : new String[] {"0.0", "1.0", "-1.0", "0.088388346", "1e-30", "3e30"}) {
        listing.add(Level.QUICK, signature().of("rows", 2, "n", 53, "factor", factor));
        listing.add(Level.STANDARD, signature().of("rows", 2, "n", 53, "factor", factor, "fill", Fill.INFINITE));
      }
    }
    if (kind == Kind.SOFTCAP) {
      for (String cap : new String[] {"0.01", "1.0", "30.0", "50.0", "1e10"}) {
        listing.add(Level.QUICK, signature().of("rows", 2, "n", 53, "cap", cap, "spread", "20.0"));
        listing.add(Level.STANDARD, signature().of("rows", 2, "n", 53, "cap", cap, "fill", Fill.INFINITE));
      }
    }
    if (kind.hasForm()) {
      for (int n : new int[] {1, 7, 33, 257}) {
        listing.add(Level.QUICK, signature().of("rows", 3, "n", n, "form", Gelu.Form.TANH));
      }
      listing.add(Level.STANDARD, signature().of("rows", 9, "n", listing.sized(4097, 769, TILE), "form", Gelu.Form.TANH));
      for (Fill fill : Fill.values()) {
        listing.add(Level.STANDARD, signature().of("rows", 3, "n", 70, "fill", fill, "form", Gelu.Form.TANH));
      }
      for (DType type : FLOATS) {
        listing.add(Level.STANDARD, of(type, "rows", 3, "n", 45, "lies", Placement.SHIFTED, "form", Gelu.Form.TANH));
        listing.add(Level.STANDARD, of(type, "rows", 3, "n", 45, "inplace", Over.FIRST, "form", Gelu.Form.TANH));
      }
      for (String spread : new String[] {"0.01", "0.3", "3.0", "20.0", "300.0", "1e10"}) {
        listing.add(Level.STANDARD, signature().of("rows", 3, "n", 100, "spread", spread, "form", Gelu.Form.TANH));
      }
    }
  }

  private void pairs(Listing listing) {
    for (DType x : FLOATS) {
      for (DType b : FLOATS) {
        for (DType y : FLOATS) {
          boolean first = (x.ordinal() + b.ordinal() + y.ordinal()) % 3 == 0 && b != DType.F32;
          Object[] types = {"rows", 3, "n", 37, "x", x.label(), "b", b.label(), "y", y.label()};
          listing.add(first ? Level.QUICK : Level.STANDARD, signature().of(types));
          if (kind.repeats()) {
            listing.add(first ? Level.STANDARD : Level.FULL, signature().of(with(types, "repeat", true)));
          }
        }
      }
    }
    for (Fill other : Fill.values()) {
      listing.add(other == Fill.NAN || other == Fill.INFINITE ? Level.QUICK : Level.STANDARD,
          signature().of("rows", 3, "n", 70, "other", other));
      // A device may flush denormals, and zero times infinity is NaN.
      if (kind != Kind.MUL || other != Fill.DENORMAL) {
        listing.add(Level.STANDARD, signature().of("rows", 3, "n", 70, "fill", other, "other", Fill.INFINITE));
      }
    }
    listing.add(Level.QUICK, signature().of("rows", 3, "n", 45, "same", true));
    listing.add(Level.QUICK, signature().of("rows", 3, "n", 45, "same", true, "inplace", Over.FIRST));
    if (kind.repeats()) {
      for (Placement placement : Placement.values()) {
        listing.add(Level.QUICK, signature().of("rows", 3, "n", 41, "lies", placement, "repeat", true));
        listing.add(Level.STANDARD, signature().of("rows", 3, "middle", "2+3", "n", 17, "lies", placement, "repeat", true));
      }
      for (int n : new int[] {1, 7, 16, 33, 257, 1031}) {
        listing.add(Level.STANDARD, signature().of("rows", 5, "n", n, "repeat", true));
      }
      listing.add(Level.QUICK, signature().of("rows", 3, "n", 41, "repeat", true, "inplace", Over.FIRST));
      listing.add(Level.QUICK, signature().of("rows", 4, "n", 41, "repeat", true, "count", 2));
      listing.add(Level.STANDARD, signature().of("rows", 0, "n", 41, "repeat", true));
    }
  }

  private static Object[] with(Object[] values, Object... more) {
    Object[] all = Arrays.copyOf(values, values.length + more.length);
    System.arraycopy(more, 0, all, values.length, more.length);
    return all;
  }

  @Override
  Trial trial(Values values, Workbench bench) {
    int[] inner = inner(values);
    Tensor a = rows(values, bench, values.dtype("x"), contents(values, "fill", "x", values.number("spread")), inner);
    Tensor b = kind.takesTwo() ? second(values, bench, a, inner) : a;
    Over over = values.choice("inplace", Over.class);
    if (over == Over.SECOND && (!kind.takesTwo() || b.shape().rank() != a.shape().rank())) {
      throw values.wrong("inplace", "none or first here");
    }
    Tensor y = switch (over) {
      case NONE -> rowsOut(values, bench, "y", inner);
      case FIRST -> a;
      case SECOND -> b;
    };
    boolean byRow = b.shape().equals(a.shape());
    Tensor[] rows = byRow ? new Tensor[] {a, b, y} : new Tensor[] {a, y};
    Operator op = kind.over(values, a, b, y);
    Trial trial = expectRows(values, op, kind.bound(values), rows);
    if (kind.hasForm() && values.dtype("y") == DType.F32 && plain(values) && y.shape().elements() >= LEAST_TELLING) {
      trial.expect(new NearerForm(op));
    }
    return independentRows(values, bench, trial, byRow ? List.of(a, b) : List.of(a), y);
  }

  /** Whether the inputs are such that the forms of an operator differ in many elements. */
  private static boolean plain(Values values) {
    float spread = values.number("spread");
    return values.choice("fill", Fill.class) == Fill.NORMAL && values.optional("count").isEmpty() && spread >= 1 && spread <= 3;
  }

  private Tensor second(Values values, Workbench bench, Tensor a, int... inner) {
    DType type = values.dtype("b");
    IntFunction<double[]> contents = contents(values, "other", "b", 1);
    if (values.on("same")) {
      return a;
    }
    if (kind.repeats() && values.on("repeat")) {
      int n = inner.length == 0 ? values.size("rows") : inner[inner.length - 1];
      return bench.input(type, values.choice("lies", Placement.class), contents.apply(n), n);
    }
    return rows(values, bench, type, contents, inner);
  }

  private static IntFunction<double[]> contents(Values values, String fill, String seed, float spread) {
    return n -> Arrays.stream(values.choice(fill, Fill.class).values(values.seed(seed), n)).map(v -> (float) (v * spread)).toArray();
  }
}
