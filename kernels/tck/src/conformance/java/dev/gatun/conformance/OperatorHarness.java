package dev.gatun.conformance;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.gatun.DType;
import dev.gatun.Operator;
import dev.gatun.Tensor;
import dev.gatun.conformance.Engine.Extra;
import dev.gatun.spi.Unsupported;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Errors;
import dev.gatun.tck.oracle.Formats;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Inputs;
import dev.gatun.tck.oracle.Oracle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Runs operators on every engine of the module under test and holds each run to the float64 oracle: values that are not finite first, then
 * the error; nothing else in memory changed, inputs and guards included; the same bits on a second run over poisoned outputs, and among
 * engines of one kind.
 */
final class OperatorHarness implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
  /** What honest float32 arithmetic reaches with ease. */
  static final double F32_BOUND = 1e-10;

  /** What 8-bit activations reach. */
  static final double ROUNDED_BOUND = 5e-4;

  /** Integers, moves and roundings are exact. */
  static final double EXACT = 0;

  /** The types of weights that every backend multiplies, looks up and expands. */
  static final Set<DType> REQUIRED = EnumSet.of(DType.F32, DType.F16, DType.BF16, DType.Q8_0, DType.Q4_0, DType.Q4_1, DType.Q5_0,
      DType.Q5_1, DType.Q4_K, DType.Q5_K, DType.Q6_K);

  private final Function<Engines, List<Engine>> choice;
  private List<Engine> all = List.of();
  private List<Engine> engines = List.of();
  private Areas areas = new Areas();
  private final Map<Engine, Mirror> mirrors = new HashMap<>();

  OperatorHarness() {
    this(Engines::open);
  }

  /** A harness of engines chosen by the test. */
  OperatorHarness(Function<Engines, List<Engine>> choice) {
    this.choice = choice;
  }

  /** A harness of the engines that programs run on. */
  static OperatorHarness ofPrograms() {
    return new OperatorHarness(Engines::openForPrograms);
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    all = ServiceLoader.load(Engines.class).stream().flatMap(engines -> choice.apply(engines.get()).stream()).toList();
    assertThat(all).as("engines of the services in META-INF/services/" + Engines.class.getName()).isNotEmpty();
    engines = all;
  }

  @Override
  public void afterEach(ExtensionContext context) {
    engines = all;
    fresh();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    all.forEach(Engine::close);
  }

  /** Forgets every tensor so far. */
  void fresh() {
    List<Mirror> old = List.copyOf(mirrors.values());
    mirrors.clear();
    areas = new Areas();
    old.forEach(Mirror::close);
  }

  List<Engine> engines() {
    return engines;
  }

  /** Leaves out, for this test, engines that do not serve what no backend has to. */
  void needs(Extra extra) {
    List<Engine> before = engines;
    engines = before.stream().filter(engine -> !engine.without().containsKey(extra)).toList();
    Assumptions.assumeFalse(engines.isEmpty(), () -> before.stream().map(e -> e + ": " + e.without().get(extra)).collect(joining("; ")));
  }

  /** Leaves out, for this test, engines that do not serve a type that no backend has to. */
  void needs(DType type) {
    if (!REQUIRED.contains(type)) {
      needs(Extra.RARE_TYPES);
    }
  }

  /** Runs this test on these engines. */
  void only(Engine... chosen) {
    engines = List.of(chosen);
  }

  /** A size: the large one, or where an engine is slow the small one. */
  int sized(int full, int small) {
    return all.stream().anyMatch(engine -> engine.scale() == Engine.Scale.SMALL) ? small : full;
  }

  Areas areas() {
    return areas;
  }

  /** What an engine sees of this test's tensors. */
  Mirror mirror(Engine engine) {
    return mirrors.computeIfAbsent(engine, e -> new Mirror(areas, e));
  }

  /** Runs an operator over tensors of this test. */
  void run(Engine engine, Operator operator) {
    mirror(engine).run(operator);
  }

  /** A tensor whose every byte is poison, between guards. */
  Tensor place(DType dtype, Placement placement, long... shape) {
    return areas.place(dtype, placement, shape);
  }

  /** A packed, poisoned tensor. */
  Tensor output(DType dtype, long... shape) {
    return place(dtype, Placement.PACKED, shape);
  }

  /** A packed tensor of the given values. */
  Tensor input(DType dtype, double[] values, long... shape) {
    return fill(place(dtype, Placement.PACKED, shape), values);
  }

  Tensor vector(double... values) {
    return input(DType.F32, values, values.length);
  }

  Tensor ints(int... values) {
    return input(DType.I32, Arrays.stream(values).asDoubleStream().toArray(), values.length);
  }

  /** Writes the first values, rounded to the dtype; what is left stays poison. */
  Tensor fill(Tensor tensor, double... values) {
    Elements.write(Host.buffers(), tensor, values);
    return tensor;
  }

  /** Rows as {@code c} says, of {@code inner} elements; those past the count are poison. */
  Tensor rows(RowCase c, double[] values, long... inner) {
    return withCount(c, fill(place(c.in(), c.placement(), shape(c, inner)), Arrays.copyOf(values,
        c.actual() * Math.toIntExact(product(inner)))));
  }

  /** As {@link #rows}, from a seed. */
  Tensor rows(RowCase c, long seed, long... inner) {
    return rows(c, Inputs.normal(seed, c.rows() * Math.toIntExact(product(inner)), 1.5), inner);
  }

  /** The output for {@code c}. */
  Tensor rowsOut(RowCase c, long... inner) {
    return withCount(c, place(c.out(), c.placement(), shape(c, inner)));
  }

  private Tensor withCount(RowCase c, Tensor tensor) {
    return c.count().map(count -> tensor.withCount(counts(count))).orElse(tensor);
  }

  private Optional<Tensor> counted = Optional.empty();
  private Areas countedIn = areas;

  /** One count for all operands of a test, as operators want it. */
  private Tensor counts(int count) {
    if (countedIn != areas || counted.isEmpty()) {
      counted = Optional.of(ints(count));
      countedIn = areas;
    }
    return counted.get();
  }

  private static long[] shape(RowCase c, long... inner) {
    long[] shape = new long[inner.length + 1];
    shape[0] = c.rows();
    System.arraycopy(inner, 0, shape, 1, inner.length);
    return shape;
  }

  private static long product(long... sizes) {
    return Arrays.stream(sizes).reduce(1, (a, b) -> a * b);
  }

  /** Checks an operator that every engine must serve. */
  void check(Operator op, double bound) {
    check(op, engine -> op, Host.buffers(), bound, true);
  }

  /** Checks an operator that a backend may refuse; where all do, the test is skipped with their reasons. */
  void checkIfServed(Operator op, double bound) {
    check(op, engine -> op, Host.buffers(), bound, false);
  }

  /**
   * Checks forms of one operator.
   *
   * @param truth what the oracle computes
   * @param form what each engine runs: the same over its own caches and prepared weights
   */
  void check(Operator truth, Function<Engine, ? extends Operator> form, Host host, double bound, boolean required) {
    Map<String, double[]> expected = Oracle.compute(truth, host);
    byte[][] before = areas.snapshot();
    BitSet[] written = areas.nothing();
    BitSet[] fresh = areas.nothing();
    for (Operator.Operand out : outputs(truth)) {
      int rows = rows(expected.get(out.name()), out.tensor());
      areas.mark(written, out.tensor(), rows);
      if (truth.reads().stream().noneMatch(in -> in.isSameView(out.tensor()))) {
        areas.mark(fresh, out.tensor(), rows);
      }
    }
    Map<String, byte[][]> kinds = new HashMap<>();
    List<String> refusals = new ArrayList<>();
    for (Engine engine : engines) {
      Operator op = form.apply(engine);
      String where = engine + ": " + op.toCase();
      if (engine.backend().plan(mirror(engine).over(op)) instanceof Unsupported unsupported) {
        if (required) {
          fail(where + " must be served: " + unsupported.reason());
        }
        refusals.add(engine + ": " + unsupported.reason());
        continue;
      }
      run(engine, op);
      outputs(truth).forEach(out -> compare(where, out, expected.get(out.name()), bound));
      outputs(truth).forEach(out -> areas.alikeNaNs(out.tensor(), rows(expected.get(out.name()), out.tensor())));
      byte[][] after = areas.snapshot();
      assertThat(areas.difference(before, after, written)).as("%s: memory that is not the output's", where).isEmpty();
      areas.restore(before);
      areas.poison(fresh);
      run(engine, op);
      outputs(truth).forEach(out -> areas.alikeNaNs(out.tensor(), rows(expected.get(out.name()), out.tensor())));
      assertThat(areas.difference(after, areas.snapshot(), areas.nothing())).as("%s: a second run", where).isEmpty();
      areas.restore(before);
      byte[][] alike = kinds.putIfAbsent(engine.kind(), after);
      if (alike != null) {
        assertThat(areas.difference(alike, after, areas.nothing())).as("%s: bits against an engine of its kind", where).isEmpty();
      }
    }
    Assumptions.assumeTrue(refusals.size() < engines.size(), () -> String.join("; ", refusals));
  }

  private static List<Operator.Operand> outputs(Operator op) {
    return op.operands().stream().filter(o -> o.access() == Operator.Access.WRITE).toList();
  }

  private static int rows(double[] expected, Tensor tensor) {
    long row = tensor.size(0) == 0 ? 0 : tensor.shape().with(0, 1).elements();
    return row == 0 ? 0 : Math.toIntExact(expected.length / row);
  }

  private static void compare(String where, Operator.Operand out, double[] expected, double bound) {
    double[] actual = Elements.read(Host.buffers(), out.tensor(), rows(expected, out.tensor()));
    double[] rounded = out.tensor().dtype().isBlock() ? expected : Formats.rounded(out.tensor().dtype(), expected);
    compare(where + ", " + out.name(), out.tensor().dtype(), rounded, actual, bound);
  }

  /** Finite where expected, within the NMSE bound and what the dtype's own rounding adds, and no single element far off. */
  static void compare(String where, DType dtype, double[] rounded, double[] actual, double bound) {
    Errors errors = Errors.between(rounded, actual);
    assertThat(errors.nonFinite()).as("%s: %s", where, errors.describe(rounded, actual)).isZero();
    if (bound == EXACT) {
      assertThat(errors.maxAbs()).as("%s: %s", where, errors.describe(rounded, actual)).isZero();
      return;
    }
    double step = dtype == DType.F16 ? 0x1p-11 : dtype == DType.BF16 ? 0x1p-8 : 0x1p-24;
    double allowed = bound + step * step;
    assertThat(errors.nmse()).as("%s: %s", where, errors.describe(rounded, actual)).isLessThanOrEqualTo(allowed);
    double rms = Math.sqrt(Arrays.stream(rounded).filter(Double::isFinite).map(e -> e * e).average().orElse(0));
    for (int i = 0; i < rounded.length; i++) {
      if (Double.isFinite(rounded[i])) {
        double distance = Math.abs(actual[i] - rounded[i]);
        assertThat(distance).as("%s: element %d, expected %s, got %s", where, i, rounded[i], actual[i])
            .isLessThanOrEqualTo(10 * Math.sqrt(allowed) * (rms + Math.abs(rounded[i])));
      }
    }
  }

  /** The bits of a tensor's elements, for comparing runs. */
  static double[] bits(Tensor tensor) {
    return Elements.all(Host.buffers(), tensor);
  }
}
