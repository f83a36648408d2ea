package dev.gatun.conformance;

import static dev.gatun.conformance.OperatorHarness.EXACT;
import static dev.gatun.conformance.OperatorHarness.F32_BOUND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Add;
import dev.gatun.Argmax;
import dev.gatun.Attention;
import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Embedding;
import dev.gatun.Kv;
import dev.gatun.KvCache;
import dev.gatun.Matmul;
import dev.gatun.Mul;
import dev.gatun.Ragged;
import dev.gatun.Scale;
import dev.gatun.SiluMul;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.tck.oracle.Formats;
import dev.gatun.tck.oracle.Inputs;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What the example backend in C serves of the operators whose whole conformance tests ask for more types or operators than it has. */
class ExampleOperatorsTest {
  @RegisterExtension
  static final OperatorHarness HARNESS = new OperatorHarness();

  private static final List<DType> FLOATS = List.of(DType.F32, DType.F16, DType.BF16);

  static Stream<RowCase> rows() {
    return RowCase.covering().stream();
  }

  @ParameterizedTest
  @MethodSource("rows")
  void sumsAndProductsFollowTheirFormulas(RowCase c) {
    Tensor a = HARNESS.rows(c, 1, c.n());
    Tensor b = HARNESS.rows(c, 2, c.n());
    Tensor row = HARNESS.vector(Inputs.normal(3, c.n(), 1));
    HARNESS.check(new Add(a, b, HARNESS.rowsOut(c, c.n())), F32_BOUND);
    HARNESS.check(new Add(a, row, HARNESS.rowsOut(c, c.n())), F32_BOUND);
    HARNESS.check(new Mul(a, b, HARNESS.rowsOut(c, c.n())), F32_BOUND);
    HARNESS.check(new Mul(a, row, HARNESS.rowsOut(c, c.n())), F32_BOUND);
    HARNESS.check(new Scale(a, -0.37f, HARNESS.rowsOut(c, c.n())), F32_BOUND);
    HARNESS.check(new SiluMul(a, b, HARNESS.rowsOut(c, c.n())), F32_BOUND);
    HARNESS.check(new Add(a, a, a), F32_BOUND);
  }

  @ParameterizedTest
  @MethodSource("rows")
  void argmaxFindsTheFirstLargest(RowCase c) {
    double[] values = Inputs.normal(4, c.actual() * c.n(), 2);
    for (int r = 0; r < c.actual() && c.n() > 2; r++) {
      values[r * c.n() + c.n() / 3] = 50;
      values[r * c.n() + c.n() - 1] = r % 2 == 0 ? 50 : Double.NaN;
    }
    Tensor x = HARNESS.rows(c, values, c.n());
    Tensor y = HARNESS.output(DType.I32, c.rows());
    HARNESS.check(new Argmax(x, x.count().map(y::withCount).orElse(y)), EXACT);
  }

  static Stream<Arguments> casts() {
    return FLOATS.stream().flatMap(from -> FLOATS.stream().map(to -> Arguments.of(from, to)));
  }

  @ParameterizedTest
  @MethodSource("casts")
  void copiesRoundToNearestEven(DType from, DType to) {
    double[] values = Inputs.normal(5, 400, 1);
    double[] special = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 0.0, -0.0, 65504, 65519, 65520, -65520, 0x1p-14,
        0x1p-15, 0x1p-24,
        0x1.8p-24, 0x1p-25, 0x1.000001p-25, 1 + 0x1p-11, 1 + 0x3p-11, 1 + 0x1p-8, 1 + 0x3p-8, 0x1.ffcp0, 0x1.ffep0, 0x1.fffp-15, 3.4e38};
    System.arraycopy(special, 0, values, 0, special.length);
    for (Placement placement : Placement.values()) {
      Tensor x = HARNESS.fill(HARNESS.place(from, placement, 5, 4, 20), values);
      HARNESS.check(new Copy(x, HARNESS.place(to, placement, 5, 4, 20)), EXACT);
      HARNESS.check(new Copy(x.slice(2, 3, 11), HARNESS.output(to, 5, 4, 8)), EXACT);
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"I8", "I32"})
  void integersAreCopiedAsTheyAre(DType dtype) {
    double[] values = IntStream.range(-60, 60).asDoubleStream().toArray();
    HARNESS.check(new Copy(HARNESS.input(dtype, values, 120), HARNESS.output(dtype, 120)), EXACT);
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16", "Q8_0"})
  void matmulAndEmbeddingReadEveryWeightTheyServe(DType dtype) {
    for (int m : new int[] {0, 1, 5}) {
      for (int k : new int[] {32, 96}) {
        Tensor w = HARNESS.input(dtype, Inputs.normal(6, 7 * k, 1), 7, k);
        Tensor x = HARNESS.input(DType.F32, Inputs.normal(7, m * k, 1), m, k);
        Optional<Tensor> bias = m == 1 ? Optional.empty() : Optional.of(HARNESS.vector(Inputs.normal(8, 7, 1)));
        Tensor y = HARNESS.output(DType.F32, m, 7);
        Matmul matmul = new Matmul(x, w, bias, y);
        HARNESS.check(matmul, F32_BOUND);
        HARNESS.check(matmul, engine -> new Matmul(x, engine.backend().prepare(w, Use.MATMUL).tensor(), bias, y),
            dev.gatun.tck.oracle.Host.buffers(), F32_BOUND, true);
        for (DType out : FLOATS) {
          HARNESS.check(new Embedding(HARNESS.ints(6, 0, -1, 3, 7), w, HARNESS.place(out, Placement.STRIDED, 5, k)), EXACT);
        }
        HARNESS.fresh();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16"})
  void keysGoWhereTheBatchSaysAndNowhereElse(DType kept) {
    try (PagedKeys keys = new PagedKeys(HARNESS, PagedKeys.spec(3, 24, kept))) {
      int[] slots = {keys.open(), keys.open()};
      int[][] positions = {IntStream.range(0, 9).toArray(), IntStream.range(0, 2).toArray()};
      keys.reserve(slots[0], 0, 9);
      keys.reserve(slots[1], 0, 2);
      keys.append(keys.batch(slots, positions), slots, positions, normal(DType.F32, 9, 11, 3, 24), normal(DType.F32, 10, 11, 3, 24));
      int fork = keys.fork(slots[0]);
      keys.reserve(fork, 5, 6);
      int[][] one = {{5}};
      keys.append(keys.batch(new int[] {fork}, one), new int[] {fork}, one, normal(DType.F16, 11, 1, 3, 24), normal(DType.F16, 12, 1, 3,
          24));
      for (Engine engine : keys.engines()) {
        for (int slot : new int[] {slots[0], slots[1], fork}) {
          for (int position = 0; position < (slot == slots[1] ? 2 : 9); position++) {
            for (KvCache.Part part : KvCache.Part.values()) {
              float[] held = keys.on(engine).read(engine.stream(), slot, 1, part, position, 2);
              assertThat(IntStream.range(0, held.length).mapToDouble(i -> held[i]).toArray()).as("%s, %s of position %d in slot %d",
                  engine, part, position, slot)
                  .containsExactly(Formats.rounded(DType.F32, keys.expected(part, 1, slot, position, 2)));
            }
          }
        }
      }
    }
  }

  static List<Attention.Options> options() {
    return List.of(Attention.Options.causal(0.2f), new Attention.Options(0.2f, false, 0, 0), new Attention.Options(0.2f, true, 3, 0),
        new Attention.Options(-1, true, 1, 2), new Attention.Options(0.2f, false, 4, 5));
  }

  @ParameterizedTest
  @MethodSource("options")
  void attentionSeesWhatItsOptionsLetThrough(Attention.Options options) {
    for (DType kept : new DType[] {DType.F32, DType.F16}) {
      try (PagedKeys keys = new PagedKeys(HARNESS, PagedKeys.spec(2, 24, kept))) {
        int[] slots = {keys.open(), keys.open(), keys.open()};
        int[] context = {13, 1, 6};
        int[][] positions = Arrays.stream(context).mapToObj(n -> IntStream.range(0, n).toArray()).toArray(int[][]::new);
        for (int s = 0; s < slots.length; s++) {
          keys.reserve(slots[s], 0, context[s]);
        }
        keys.append(keys.batch(slots, positions), slots, positions, normal(DType.F32, 13, 20, 2, 24), normal(DType.F32, 14, 20, 2, 24));
        Ragged batch = keys.batch(slots, new int[] {9, 10, 11, 12}, new int[] {0}, new int[] {5});
        Tensor q = normal(DType.F32, 15, 6, 4, 24);
        Tensor y = HARNESS.place(DType.F32, Placement.STRIDED, 6, 4, 24);
        for (Optional<Tensor> sinks : List.of(Optional.<Tensor>empty(), Optional.of(HARNESS.vector(0.5, -3, 40, 0)))) {
          HARNESS.check(new Attention(q, new Kv.Paged(keys.first(), 1), batch, options, sinks, y),
              engine -> new Attention(q, new Kv.Paged(keys.on(engine), 1), batch, options, sinks, y), keys.host(), F32_BOUND, true);
        }
      }
      HARNESS.fresh();
    }
  }

  private static Tensor normal(DType type, long seed, long... shape) {
    return HARNESS.input(type, Inputs.normal(seed, (int) (shape[0] * shape[1] * shape[2]), 1), shape);
  }
}
