package dev.gatun.cpu.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Add;
import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.Embedding;
import dev.gatun.GatherRows;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.LayerNorm;
import dev.gatun.Mul;
import dev.gatun.Operator;
import dev.gatun.Quantize;
import dev.gatun.RmsNorm;
import dev.gatun.Rope;
import dev.gatun.Rotation;
import dev.gatun.Scale;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Softmax;
import dev.gatun.Tensor;
import dev.gatun.spi.Unsupported;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.function.DoubleBinaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class RowKernelsTest {
  private static final int ROWS = 3;
  private static final int WIDTH = 2048 + 37;

  private static float[] random(int n, double scale) {
    Random random = new Random(11 + n);
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) (random.nextGaussian() * scale);
    }
    return values;
  }

  private interface Made {
    Operator of(Tensor a, Tensor b, Tensor y);
  }

  static Stream<Arguments> elementwise() {
    double root = Math.sqrt(2 / Math.PI);
    return Stream.of(Lanes.values()).flatMap(lanes -> Stream.of(
        Arguments.of("add", lanes, (Made) Add::new, (DoubleBinaryOperator) (a, b) -> a + b),
        Arguments.of("mul", lanes, (Made) Mul::new, (DoubleBinaryOperator) (a, b) -> a * b),
        Arguments.of("scale", lanes, (Made) (a, _, y) -> new Scale(a, -3, y), (DoubleBinaryOperator) (a, _) -> -3 * a),
        Arguments.of("softcap", lanes, (Made) (a, _, y) -> new Softcap(a, 5, y), (DoubleBinaryOperator) (a, _) -> 5 * Math.tanh(a / 5)),
        Arguments.of("softcap of little", lanes, (Made) (a, _, y) -> new Softcap(a, 500, y),
            (DoubleBinaryOperator) (a, _) -> 500 * Math.tanh(a / 500)),
        Arguments.of("silu", lanes, (Made) SiluMul::new, (DoubleBinaryOperator) (a, b) -> a / (1 + Math.exp(-a)) * b),
        Arguments.of("gelu tanh", lanes, (Made) (a, _, y) -> new Gelu(a, Gelu.Form.TANH, y),
            (DoubleBinaryOperator) (a, _) -> a * (1 + Math.tanh(root * (a + 0.044715 * a * a * a))) / 2),
        Arguments.of("gelu erf", lanes, (Made) (a, _, y) -> new Gelu(a, Gelu.Form.ERF, y), (DoubleBinaryOperator) (a, _) -> a * normal(a)),
        Arguments.of("geglu", lanes, (Made) (a, b, y) -> new GeluMul(a, b, Gelu.Form.ERF, y), (DoubleBinaryOperator) (a, b) -> a * normal(a) * b)));
  }

  /** Φ by Simpson's rule over the density. */
  private static double normal(double x) {
    int steps = 2000;
    double h = x / steps;
    double sum = 0;
    for (int i = 0; i <= steps; i++) {
      double t = i * h;
      sum += Math.exp(-t * t / 2) * (i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2);
    }
    return 0.5 + sum * h / 3 / Math.sqrt(2 * Math.PI);
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("elementwise")
  void agreesWithPlainLoops(String name, Lanes lanes, Made made, DoubleBinaryOperator formula) {
    float[] a = random(ROWS * WIDTH, 4);
    float[] b = random(ROWS * WIDTH + 1, 2);
    double[] wanted = IntStream.range(0, a.length).mapToDouble(i -> formula.applyAsDouble(a[i], b[i])).toArray();
    Tensor y = Bench.empty(DType.F32, ROWS, WIDTH);
    Tensor second = Bench.floats(Arrays.copyOf(b, a.length), ROWS, WIDTH);
    Bench.run(made.of(Bench.floats(a, ROWS, WIDTH), second, y), lanes, 2);
    Bench.close(Bench.read(y), wanted, 1e-13);

    Tensor inPlace = Bench.floats(a, ROWS, WIDTH);
    Bench.run(made.of(inPlace, second, inPlace), lanes, 3);
    assertThat(Bench.read(inPlace)).containsExactly(Bench.read(y));

    Tensor half = Bench.empty(DType.F16, ROWS, WIDTH);
    Bench.run(new Copy(Bench.floats(a, ROWS, WIDTH), half), lanes, 1);
    Tensor rounded = Bench.empty(DType.BF16, ROWS, WIDTH);
    Tensor back = Bench.empty(DType.F32, ROWS, WIDTH);
    Bench.run(made.of(half, second, rounded), lanes, 2);
    Bench.run(new Copy(rounded, back), lanes, 2);
    Bench.close(Bench.read(back), wanted, 1e-5);
  }

  @ParameterizedTest
  @EnumSource(Lanes.class)
  void specialValuesPropagate(Lanes lanes) {
    float[] x = new float[40];
    x[0] = Float.NaN;
    x[1] = 200;
    x[2] = -200;
    Tensor ones = Bench.floats(new float[] {1, 1, 1, 1}, 4);
    Tensor y = Bench.empty(DType.F32, 10, 4);
    Bench.run(new Mul(Bench.floats(x, 10, 4), ones, y), lanes, 1);
    assertThat(Bench.read(y)).containsExactly(x);
    Bench.run(new SiluMul(Bench.floats(x, 10, 4), Bench.floats(new float[40], 10, 4), y), lanes, 1);
    assertThat(Bench.read(y)[0]).isNaN();
    assertThat(Bench.read(y)[1]).isZero();
    Tensor wide = Bench.empty(DType.F32, 1, 40);
    Bench.run(new Softcap(Bench.floats(x, 1, 40), 1, wide), lanes, 1);
    assertThat(Arrays.copyOf(Bench.read(wide), 4)).containsExactly(Float.NaN, 1, -1, 0);
    float[] cold = new float[40];
    Arrays.fill(cold, Float.NEGATIVE_INFINITY);
    Bench.run(new Softmax(Bench.floats(cold, 1, 40), 1, wide), lanes, 1);
    assertThat(Bench.read(wide)).containsOnly(Float.NaN);
    cold[33] = 5;
    Bench.run(new Softmax(Bench.floats(cold, 1, 40), 1, wide), lanes, 1);
    assertThat(Bench.read(wide)[33]).isOne();
    assertThat(Bench.read(wide)[0]).isZero();
  }

  @ParameterizedTest
  @EnumSource(Lanes.class)
  void normsAgreeWithPlainLoops(Lanes lanes) {
    float[] x = random(ROWS * WIDTH, 3);
    for (int i = 0; i < x.length; i++) {
      x[i] += 50;
    }
    float[] w = random(WIDTH, 1);
    float[] b = random(WIDTH + 2, 1);
    double[] rms = new double[x.length];
    double[] layer = new double[x.length];
    double[] soft = new double[x.length];
    for (int r = 0; r < ROWS; r++) {
      double[] row = IntStream.range(r * WIDTH, (r + 1) * WIDTH).mapToDouble(i -> x[i]).toArray();
      double mean = Arrays.stream(row).average().getAsDouble();
      double square = Arrays.stream(row).map(v -> v * v).average().getAsDouble();
      double variance = Arrays.stream(row).map(v -> (v - mean) * (v - mean)).average().getAsDouble();
      double top = Arrays.stream(row).map(v -> -0.5 * v).max().getAsDouble();
      double sum = Arrays.stream(row).map(v -> Math.exp(-0.5 * v - top)).sum();
      for (int i = 0; i < WIDTH; i++) {
        rms[r * WIDTH + i] = row[i] / Math.sqrt(square + 1e-5f) * w[i];
        layer[r * WIDTH + i] = (row[i] - mean) / Math.sqrt(variance + 1e-5f) * w[i] + b[i];
        soft[r * WIDTH + i] = Math.exp(-0.5 * row[i] - top) / sum;
      }
    }
    Tensor in = Bench.floats(x, ROWS, WIDTH);
    Tensor weight = Bench.floats(w, WIDTH);
    Tensor y = Bench.empty(DType.F32, ROWS, WIDTH);
    Bench.run(new RmsNorm(in, weight, 1e-5f, y), lanes, 2);
    Bench.close(Bench.read(y), rms, 1e-13);
    Bench.run(new LayerNorm(in, weight, Optional.of(Bench.floats(Arrays.copyOf(b, WIDTH), WIDTH)), 1e-5f, y), lanes, 2);
    Bench.close(Bench.read(y), layer, 1e-12);
    Bench.run(new Softmax(in, -0.5f, y), lanes, 2);
    Bench.close(Bench.read(y), soft, 1e-12);
  }

  static Stream<Arguments> rotations() {
    return Stream.of(Lanes.values()).flatMap(lanes -> Stream.of(Rotation.Pairs.values()).flatMap(pairs -> Stream.of(
        Arguments.of(lanes, new Rotation(pairs, 64, 10_000), false),
        Arguments.of(lanes, new Rotation(pairs, 22, 500_000, new Rotation.Scaling.Linear(4), 1), true),
        Arguments.of(lanes, new Rotation(pairs, 64, 500_000, new Rotation.Scaling.Llama3(32, 1, 4, 8192), 1), false),
        Arguments.of(lanes, new Rotation(pairs, 40, 10_000, new Rotation.Scaling.Yarn(4, 4096, 0.9, 32, 1), 1.1), true))));
  }

  @ParameterizedTest
  @MethodSource("rotations")
  void rotatesAsPlainLoopsDo(Lanes lanes, Rotation rotation, boolean factored) {
    int heads = 3;
    int size = 70;
    int[] positions = {0, 1, 99_999};
    int half = rotation.dims() / 2;
    float[] x = random(positions.length * heads * size, 1);
    float[] factors = new float[half];
    for (int i = 0; i < half; i++) {
      factors[i] = factored ? 1 + i / 10f : 1;
    }
    double[] wanted = IntStream.range(0, x.length).mapToDouble(i -> x[i]).toArray();
    double magnitude = rotation.magnitude()
        * (rotation.scaling() instanceof Rotation.Scaling.Yarn y ? y.attentionFactor() * (1 + 0.1 * Math.log(y.factor())) : 1);
    for (int row = 0; row < positions.length * heads; row++) {
      for (int i = 0; i < half; i++) {
        double angle = positions[row / heads] * frequency(rotation, i) / factors[i];
        int a = row * size + (rotation.pairs() == Rotation.Pairs.INTERLEAVED ? 2 * i : i);
        int b = rotation.pairs() == Rotation.Pairs.INTERLEAVED ? a + 1 : a + half;
        wanted[a] = magnitude * (x[a] * Math.cos(angle) - x[b] * Math.sin(angle));
        wanted[b] = magnitude * (x[a] * Math.sin(angle) + x[b] * Math.cos(angle));
      }
    }
    Tensor y = Bench.empty(DType.F32, positions.length, heads, size);
    Optional<Tensor> given = factored ? Optional.of(Bench.floats(factors, half)) : Optional.empty();
    Bench.run(new Rope(Bench.floats(x, positions.length, heads, size), Bench.ints(positions), given, rotation, y), lanes, 2);
    Bench.close(Bench.read(y), wanted, 1e-13);
  }

  private static double frequency(Rotation rotation, int i) {
    double f = Math.pow(rotation.base(), -2.0 * i / rotation.dims());
    return switch (rotation.scaling()) {
      case Rotation.Scaling.None _ -> f;
      case Rotation.Scaling.Linear s -> f / s.factor();
      case Rotation.Scaling.Llama3 s -> {
        double turns = s.context() * f / (2 * Math.PI);
        double smooth = Math.clamp((turns - s.lowFactor()) / (s.highFactor() - s.lowFactor()), 0, 1);
        yield (1 - smooth) * f / s.factor() + smooth * f;
      }
      case Rotation.Scaling.Yarn s -> {
        double scale = rotation.dims() / (2 * Math.log(rotation.base()));
        double low = Math.max(0, Math.floor(scale * Math.log(s.context() / (2 * Math.PI * s.betaFast()))));
        double high = Math.min(rotation.dims() - 1, Math.ceil(scale * Math.log(s.context() / (2 * Math.PI * s.betaSlow()))));
        double ramp = Math.clamp((i - low) / Math.max(high - low, 0.001), 0, 1);
        yield ramp * f / s.factor() + (1 - ramp) * f;
      }
    };
  }

  @ParameterizedTest
  @EnumSource(Lanes.class)
  void rowsAreLookedUpAndStrayIndicesGiveNaN(Lanes lanes) {
    float[] table = random(5 * 64, 1);
    Tensor quantized = Bench.empty(DType.Q8_0, 5, 64);
    Bench.run(new Quantize(Bench.floats(table, 5, 64), quantized), lanes, 2);
    Tensor expanded = Bench.empty(DType.F32, 5, 64);
    Bench.run(new Dequantize(quantized, expanded), lanes, 2);
    Bench.close(Bench.read(expanded), IntStream.range(0, table.length).mapToDouble(i -> table[i]).toArray(), 1e-4);

    Tensor ids = Bench.ints(4, -1, 0, 5);
    Tensor y = Bench.empty(DType.F32, 4, 64);
    Bench.run(new Embedding(ids, quantized, y), lanes, 2);
    float[] nan = new float[64];
    Arrays.fill(nan, Float.NaN);
    float[] all = Bench.read(expanded);
    assertThat(Arrays.copyOfRange(Bench.read(y), 0, 64)).containsExactly(Arrays.copyOfRange(all, 256, 320));
    assertThat(Arrays.copyOfRange(Bench.read(y), 64, 128)).containsExactly(nan);
    assertThat(Arrays.copyOfRange(Bench.read(y), 128, 192)).containsExactly(Arrays.copyOf(all, 64));
    assertThat(Arrays.copyOfRange(Bench.read(y), 192, 256)).containsExactly(nan);
    Tensor picked = Bench.empty(DType.F32, 4, 64);
    Bench.run(new GatherRows(expanded, ids, picked), lanes, 2);
    assertThat(Bench.read(picked)).containsExactly(Bench.read(y));
  }

  @ParameterizedTest
  @EnumSource(Lanes.class)
  void copiesAcrossStridesAndLeavesGapsAlone(Lanes lanes) {
    float[] x = random(12, 1);
    Tensor wide = Bench.empty(DType.F32, 4, 5);
    Tensor transposed = Tensor.of(Bench.floats(x, 3, 4).storage(), 0, DType.F32, dev.gatun.Shape.of(4, 3), 1, 4);
    Bench.run(new Copy(transposed, wide.slice(1, 1, 4)), lanes, 2);
    float[] found = Bench.read(wide);
    for (int i = 0; i < 4; i++) {
      assertThat(found[5 * i]).isNaN();
      assertThat(found[5 * i + 4]).isNaN();
      for (int j = 0; j < 3; j++) {
        assertThat(found[5 * i + 1 + j]).isEqualTo(x[4 * j + i]);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Lanes.class)
  void rowsPastTheCountAreLeftAlone(Lanes lanes) {
    Tensor count = Bench.ints(2);
    Tensor y = Bench.empty(DType.F32, 4, 3).withCount(count);
    Bench.run(new Add(Bench.floats(new float[12], 4, 3), Bench.floats(new float[] {1, 2, 3}, 3), y), lanes, 2);
    float n = Float.NaN;
    assertThat(Bench.read(y)).containsExactly(1, 2, 3, 1, 2, 3, n, n, n, n, n, n);
  }

  @Test
  void whatCannotBeRoundedToIsRefusedWithTheReason() {
    Operator operator = new Quantize(Bench.empty(DType.F32, 1, 256), Bench.empty(DType.IQ4_XS, 1, 256));
    assertThat(Bench.kernels(Lanes.SCALAR).plan(operator, 1)).isInstanceOf(Unsupported.class).asString().contains("IQ4_XS").contains("Q4_0");
  }
}
