package dev.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Add;
import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.Gatun;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.Matmul;
import dev.gatun.Operator;
import dev.gatun.Program;
import dev.gatun.RmsNorm;
import dev.gatun.SiluMul;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.tck.oracle.Formats;
import dev.gatun.tck.oracle.Inputs;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Matmuls that share a launch with each other, with a norm, with what follows, held to float64 loops over the operators one after the other. */
class FusedMatmulsTest {
  private static final double BOUND = 1e-11;

  /** Over weights in tensor cores' order: of activations in two BF16 parts, up to four rows of them, and of those rounded to BF16; a gated unit multiplies
   * two such errors.
   */
  private static final double BOUND_OF_PARTS = 5e-11;
  private static final double BOUND_OF_ROUNDED = 1e-5;
  private static final int ROWS_OF_PARTS = 4;

  private static final float EPSILON = 1e-5f;

  private static Backend backend;
  private static Stream stream;

  @BeforeAll
  static void open() {
    backend = Gatun.open("cuda-emulated", BackendOptions.none());
    stream = backend.newStream();
  }

  @AfterAll
  static void close() {
    stream.close();
    backend.close();
  }

  /** A weight on the device, with the scale that one of 8-bit floats has, and its values as the device sees them. */
  private record Weight(Tensor tensor, Optional<Tensor> scale, double[] values, int n, int k) {
    static Weight of(DType type, long seed, int n, int k) {
      double[] wanted = Inputs.normal(seed, n * k, 1 / Math.sqrt(k));
      MemorySegment bytes = Arena.ofAuto().allocate(type.bytes((long) n * k), 64);
      Formats.encode(type, wanted, bytes, 0);
      Tensor host = Tensor.of(Buffer.ofHost(bytes), 0, type, dev.gatun.Shape.of(n, k));
      double[] values = Formats.rounded(type, wanted);
      int down = type == DType.F8_E4M3 ? Math.ceilDiv(n, Matmul.SCALED) : n;
      int along = type == DType.F8_E4M3 ? Math.ceilDiv(k, Matmul.SCALED) : 1;
      Optional<Tensor> scale = Optional.empty();
      if (type == DType.F8_E4M3 || type == DType.F8_E5M2) {
        double[] numbers = Arrays.stream(Inputs.uniform(seed, down * along, 0.5, 2)).map(v -> (float) v).toArray();
        for (int i = 0; i < values.length; i++) {
          values[i] *= numbers[type == DType.F8_E4M3 ? i / k / Matmul.SCALED * along + i % k / Matmul.SCALED : i / k];
        }
        scale = Optional.of(type == DType.F8_E4M3 ? device(numbers, down, along) : device(numbers, down));
      }
      return new Weight(backend.prepare(host, Use.MATMUL).tensor(), scale, values, n, k);
    }

    double[] times(double[] x, int m, double[] bias) {
      double[] y = new double[m * n];
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          double sum = bias.length == 0 ? 0 : bias[j];
          for (int e = 0; e < k; e++) {
            sum += x[i * k + e] * values[j * k + e];
          }
          y[i * n + j] = sum;
        }
      }
      return y;
    }
  }

  private static Matmul matmul(Tensor x, Weight w, Tensor y) {
    return new Matmul(x, w.tensor(), w.scale(), Optional.empty(), y);
  }

  private static double[] floats(long seed, int n, double scale) {
    return Arrays.stream(Inputs.normal(seed, n, scale)).map(v -> (float) v).toArray();
  }

  private static Tensor device(double[] values, long... shape) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return backend.tensor(floats, shape);
  }

  private static double[] normed(double[] x, double[] weight, int m, int k) {
    double[] y = new double[m * k];
    for (int i = 0; i < m; i++) {
      double squares = 0;
      for (int e = 0; e < k; e++) {
        squares += x[i * k + e] * x[i * k + e];
      }
      for (int e = 0; e < k; e++) {
        y[i * k + e] = x[i * k + e] / Math.sqrt(squares / k + EPSILON) * weight[e];
      }
    }
    return y;
  }

  private static double bound(Tensor weight, int m) {
    return weight.isPlain() ? BOUND : m <= ROWS_OF_PARTS ? BOUND_OF_PARTS : BOUND_OF_ROUNDED;
  }

  private static void holds(Program program, int launches, Tensor output, double[] expected, double bound) {
    try (Executable executable = backend.compile(program)) {
      assertThat(executable.explain().steps()).as("%s", executable.explain()).hasSize(launches);
      stream.submit(executable);
      float[] actual = stream.readFloats(output);
      double error = 0;
      double size = 0;
      for (int i = 0; i < expected.length; i++) {
        error += (actual[i] - expected[i]) * (actual[i] - expected[i]);
        size += expected[i] * expected[i];
      }
      assertThat(error / size).as("%s", executable.explain()).isLessThan(bound);
    }
  }

  @ParameterizedTest
  @CsvSource({"F32, 1, 96", "F16, 3, 70", "BF16, 8, 33", "Q8_0, 1, 128", "Q8_0, 7, 64", "Q4_0, 2, 96", "Q4_K, 1, 512", "Q6_K, 4, 256", "Q5_0, 1, 64",
      "Q4_0, 16, 160", "Q8_0, 9, 2048", "Q4_K, 5, 256", "F8_E4M3, 1, 400", "F8_E5M2, 5, 144"})
  void aNormAndThreeWeightsOfOddSizesShareALaunch(DType type, int m, int k) {
    double[] x = floats(1, m * k, 1.5);
    double[] norm = floats(2, k, 1);
    int[] sizes = {31, 7, 1};
    Tensor in = device(x, m, k);
    Tensor weight = device(norm, k);
    double[] h = normed(x, norm, m, k);
    for (int which = 0; which < sizes.length; which++) {
      List<Tensor> outputs = new ArrayList<>();
      Program.Builder builder = Program.builder("qkv").input(in);
      Tensor between = builder.temporary("h", DType.F32, m, k);
      List<Operator> list = new ArrayList<>(List.of(new RmsNorm(in, weight, EPSILON, between)));
      double[] expected = {};
      double bound = BOUND;
      for (int i = 0; i < sizes.length; i++) {
        Weight w = Weight.of(type, 10 + i, sizes[i], k);
        double[] bias = floats(20 + i, sizes[i], 1);
        Tensor y = backend.allocate(DType.F32, m, sizes[i]);
        outputs.add(y);
        builder.output(y);
        list.add(new Matmul(between, w.tensor(), w.scale(), i == 1 ? Optional.empty() : Optional.of(device(bias, sizes[i])), y));
        if (i == which) {
          bound = bound(w.tensor(), m);
          expected = w.times(h, m, i == 1 ? new double[0] : bias);
        }
      }
      list.forEach(builder::add);
      holds(builder.build(), 1, outputs.get(which), expected, bound);
    }
  }

  @ParameterizedTest
  @CsvSource({"F32, 1, 64, 45", "F16, 8, 40, 33", "Q8_0, 1, 1024, 19", "Q4_0, 3, 64, 130", "Q4_K, 2, 256, 17", "Q4_0, 64, 1120, 37",
      "Q8_0, 12, 64, 31", "Q4_K, 33, 256, 16", "F8_E4M3, 1, 272, 150", "F8_E5M2, 2, 64, 17"})
  void aGatedUnitTakesTheSumsOfBothWeights(DType type, int m, int k, int n) {
    double[] x = floats(3, m * k, 1);
    Weight gate = Weight.of(type, 4, n, k);
    Weight up = Weight.of(type, 5, n, k);
    double[] gates = gate.times(x, m, new double[0]);
    double[] ups = up.times(x, m, new double[0]);
    gated(m, n, x, k, gate, up, (g, u) -> new SiluMul(g, u, backend.allocate(DType.F32, m, n)), combine(gates, ups, g -> g / (1 + Math.exp(-g))));
    gated(m, n, x, k, gate, up, (g, u) -> new GeluMul(g, u, Gelu.Form.TANH, backend.allocate(DType.F32, m, n)),
        combine(gates, ups, g -> g * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (g + 0.044715 * g * g * g))) / 2));
  }

  private static double[] combine(double[] gates, double[] ups, java.util.function.DoubleUnaryOperator activation) {
    double[] y = new double[gates.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = activation.applyAsDouble(gates[i]) * ups[i];
    }
    return y;
  }

  private static void gated(int m, int n, double[] x, int k, Weight gate, Weight up, BiFunction<Tensor, Tensor, Operator> unit, double[] expected) {
    Tensor in = device(x, m, k);
    Program.Builder builder = Program.builder("ffn").input(in);
    Tensor g = builder.temporary("gate", DType.F32, m, n);
    Tensor u = builder.temporary("up", DType.F32, m, n);
    Operator after = unit.apply(g, u);
    Tensor y = after.writes().getFirst();
    holds(builder.output(y).add(matmul(in, gate, g)).add(matmul(in, up, u)).add(after).build(), 1, y, expected,
        bound(gate.tensor(), m));
  }

  @ParameterizedTest
  @CsvSource({"F32, 1, 64, 45", "BF16, 5, 40, 33", "Q8_0, 1, 2048, 20", "Q6_K, 1, 256, 21", "Q4_0, 33, 1344, 45",
      "Q4_K, 8, 512, 130", "F8_E4M3, 3, 300, 133"})
  void aResidualIsAddedWhereTheSumIs(DType type, int m, int k, int n) {
    double[] x = floats(6, m * k, 1);
    double[] residual = floats(7, m * n, 1);
    Weight w = Weight.of(type, 8, n, k);
    double[] expected = w.times(x, m, new double[0]);
    for (int i = 0; i < expected.length; i++) {
      expected[i] += residual[i];
    }
    Tensor in = device(x, m, k);
    Tensor y = device(residual, m, n);
    Program.Builder builder = Program.builder("down").input(in).output(y);
    Tensor product = builder.temporary("product", DType.F32, m, n);
    holds(builder.add(matmul(in, w, product)).add(new Add(y, product, y)).build(), 1, y, expected, bound(w.tensor(), m));
  }

  @ParameterizedTest
  @CsvSource({"64", "17"})
  void aTileOfManyRowsStaysByItself(int m) {
    double[] x = floats(9, m * 64, 1);
    Weight w = Weight.of(DType.F16, 11, 24, 64);
    Tensor in = device(x, m, 64);
    Tensor y = backend.allocate(DType.F32, m, 24);
    Program.Builder builder = Program.builder("prefill").input(in).output(y);
    Tensor product = builder.temporary("product", DType.F32, m, 24);
    double[] expected = w.times(x, m, new double[0]);
    double[] residual = floats(12, m * 24, 1);
    for (int i = 0; i < expected.length; i++) {
      expected[i] += residual[i];
    }
    holds(builder.add(new Matmul(in, w.tensor(), product)).add(new Add(device(residual, m, 24), product, y)).build(), 2, y, expected, BOUND);
  }
}
