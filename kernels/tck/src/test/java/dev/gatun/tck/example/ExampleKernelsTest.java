package dev.gatun.tck.example;

import static dev.gatun.tck.example.ExampleDevice.heap;
import static dev.gatun.tck.example.ExampleDevice.ints;
import static dev.gatun.tck.example.ExampleDevice.output;
import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Add;
import dev.gatun.Argmax;
import dev.gatun.Attention;
import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.Embedding;
import dev.gatun.GatherRows;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.Kv;
import dev.gatun.LayerNorm;
import dev.gatun.Matmul;
import dev.gatun.Mul;
import dev.gatun.Operator;
import dev.gatun.Penalize;
import dev.gatun.Quantize;
import dev.gatun.Ragged;
import dev.gatun.RmsNorm;
import dev.gatun.Rope;
import dev.gatun.Rotation;
import dev.gatun.Sample;
import dev.gatun.Scale;
import dev.gatun.Shape;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Softmax;
import dev.gatun.Tensor;
import dev.gatun.TopK;
import dev.gatun.tck.oracle.Distribution;
import dev.gatun.tck.oracle.Errors;
import dev.gatun.tck.oracle.Formats;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Inputs;
import dev.gatun.tck.oracle.Oracle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each kernel of the example backend against the oracle. */
class ExampleKernelsTest {
  private static final double BOUND = 1e-9;
  private static final List<DType> FLOATS = List.of(DType.F32, DType.F16, DType.BF16);
  private static ExampleDevice device;

  @BeforeAll
  static void open() {
    device = ExampleDevice.healthy();
  }

  @AfterAll
  static void close() {
    device.close();
  }

  private static Tensor random(DType dtype, long seed, long... shape) {
    int n = (int) Shape.of(shape).elements();
    return heap(dtype, Inputs.normal(seed, n, 1.5), shape);
  }

  static List<Operator> operators() {
    List<Operator> list = new ArrayList<>();
    for (DType type : FLOATS) {
      Tensor x = random(type, 1, 3, 2, 17);
      Tensor y = output(type, 3, 2, 17);
      list.add(new Add(x, random(type, 2, 3, 2, 17), y));
      list.add(new Mul(x, random(type, 2, 17), y));
      list.add(new Scale(x, -0.7f, y));
      list.add(new Softcap(x, 1.5f, y));
      list.add(new SiluMul(x, random(type, 3, 3, 2, 17), y));
      list.add(new Gelu(x, Gelu.Form.ERF, y));
      list.add(new GeluMul(x, random(type, 3, 3, 2, 17), Gelu.Form.TANH, y));
      list.add(new RmsNorm(x, random(DType.F32, 4, 17), 1e-5f, y));
      list.add(new LayerNorm(x, random(DType.F32, 4, 17), Optional.of(random(DType.F32, 5, 17)), 1e-5f, y));
      list.add(new Softmax(x, 0.9f, y));
      list.add(new Rope(random(type, 6, 3, 2, 12), ints(0, 7, 4000), Optional.empty(), new Rotation(Rotation.Pairs.HALF_SPLIT, 8, 10_000),
          output(type, 3, 2, 12)));
      list.add(new Rope(random(type, 6, 3, 2, 12), ints(0, 7, 4000), Optional.of(heap(DType.F32, new double[] {1, 2, 4, 8}, 4)),
          new Rotation(Rotation.Pairs.INTERLEAVED, 8, 10_000), output(type, 3, 2, 12)));
      list.add(new GatherRows(random(type, 7, 5, 9), ints(4, 0, -1, 5), output(type, 4, 9)));
      list.add(new Copy(x, output(DType.BF16, 3, 2, 17)));
      list.add(new Copy(x, output(DType.F8_E4M3, 3, 2, 17)));
      list.add(new Copy(x, output(DType.F8_E5M2, 3, 2, 17)));
      list.add(attention(type, new Attention.Options(0.4f, true, 0, 0), Optional.empty()));
      list.add(attention(type, new Attention.Options(0.4f, true, 2, 3), Optional.of(random(DType.F32, 8, 4))));
      list.add(attention(type, new Attention.Options(0.4f, false, 0, 0), Optional.empty()));
    }
    for (DType weight : List.of(DType.F32, DType.F16, DType.BF16, DType.Q8_0, DType.Q4_0)) {
      list.add(new Matmul(random(DType.F32, 1, 3, 64), random(weight, 2, 5, 64), Optional.of(random(DType.F32, 3, 5)),
          output(DType.F32, 3, 5)));
      list.add(new Embedding(ints(3, 0, 9, -2), random(weight, 2, 6, 64), output(DType.F32, 4, 64)));
    }
    for (DType blocks : List.of(DType.Q8_0, DType.Q4_0)) {
      list.add(new Quantize(random(DType.F32, 9, 3, 96), output(blocks, 3, 96)));
      list.add(new Dequantize(random(blocks, 9, 3, 96), output(DType.F16, 3, 96)));
    }
    Tensor tied = heap(DType.F32, new double[] {1, 3, 3, -1, Double.NaN, Double.NaN, 2, 2}, 2, 4);
    list.add(new Argmax(tied, output(DType.I32, 2)));
    list.add(new TopK(tied, output(DType.F32, 2, 3), output(DType.I32, 2, 3)));
    list.add(new Penalize(random(DType.F32, 1, 2, 6), heap(DType.I32, new double[] {1, 1, 5, 9, 2, -1}, 2, 3), ints(3, 7),
        heap(DType.F32, new double[] {1.3, 0.2, 0.1, 1, 0, 0.5}, 2, 3), output(DType.F32, 2, 6)));
    return list;
  }

  /** Two sequences of three and one tokens over five and two keys, two query heads to a key head. */
  private static Operator attention(DType type, Attention.Options options, Optional<Tensor> sinks) {
    Ragged batch = new Ragged(ints(0, 3, 4), ints(0, 1), ints(2, 3, 4, 1));
    Kv kv = new Kv.Dense(random(type, 11, 7, 2, 8), random(type, 12, 7, 2, 6), ints(0, 5, 7));
    return new Attention(random(type, 13, 4, 4, 8), kv, batch, options, sinks, output(type, 4, 4, 6));
  }

  @ParameterizedTest
  @MethodSource("operators")
  void computesWhatTheOracleDoes(Operator operator) {
    assertClose(operator, Oracle.compute(operator, Host.buffers()), device.run(operator));
  }

  static void assertClose(Operator operator, Map<String, double[]> expected, Map<String, double[]> actual) {
    for (Operator.Operand out : operator.operands()) {
      if (out.access() == Operator.Access.WRITE) {
        DType type = out.tensor().dtype();
        double[] wanted = type.isBlock() ? expected.get(out.name()) : Formats.rounded(type, expected.get(out.name()));
        double[] got = Arrays.copyOf(actual.get(out.name()), wanted.length);
        Errors errors = Errors.between(wanted, got);
        assertThat(errors.nonFinite()).as(errors.describe(wanted, got)).isZero();
        boolean exact = type.isBlock() || type == DType.I32 || operator instanceof Copy || operator instanceof GatherRows;
        double step = type == DType.F16 ? 0x1p-11 : type == DType.BF16 ? 0x1p-8 : 0;
        assertThat(errors.nmse()).as(errors.describe(wanted, got)).isLessThanOrEqualTo(exact ? 0 : BOUND + step * step);
      }
    }
  }

  @Test
  void rowsPastTheCountStayAsTheyWere() {
    Tensor count = ints(2);
    Tensor x = random(DType.F32, 1, 4, 8).withCount(count);
    Tensor y = heap(DType.F32, Inputs.uniform(2, 32), 4, 8).withCount(count);
    double[] before = device.run(new Copy(y.withoutCount(), output(DType.F32, 4, 8))).get("y");
    double[] after = device.run(new Scale(x, 2, y)).get("y");
    assertThat(Arrays.copyOfRange(after, 16, 32)).isEqualTo(Arrays.copyOfRange(before, 16, 32));
    assertThat(Arrays.copyOf(after, 16)).isNotEqualTo(Arrays.copyOf(before, 16));
  }

  @Test
  void readsRowsWithGapsInPlace() {
    Tensor wide = random(DType.F32, 3, 4, 24);
    Tensor x = Tensor.of(wide.buffer(), 4, DType.F32, Shape.of(4, 16), 24, 1);
    Operator norm = new RmsNorm(x, random(DType.F32, 4, 16), 1e-5f, x);
    assertClose(norm, Oracle.compute(norm, Host.buffers()), device.run(norm));
  }

  @Test
  void drawsInsideTheIntervalOfEachId() {
    int rows = 64;
    double[] controls = new double[4 * rows];
    int[] seeds = new int[3 * rows];
    for (int r = 0; r < rows; r++) {
      System.arraycopy(new double[] {0.5 + r % 3, r % 2 == 0 ? 1 : 0.7, r % 5 == 0 ? 0.1 : 0, r % 7 == 0 ? 5 : 0}, 0, controls, 4 * r, 4);
      seeds[3 * r] = 17 * r - 400;
      seeds[3 * r + 1] = r;
      seeds[3 * r + 2] = r / 4;
    }
    Tensor positions = heap(DType.I32, Arrays.stream(Inputs.integers(5, rows, 0, 4096)).asDoubleStream().toArray(), rows);
    Sample sample = new Sample(random(DType.F32, 6, rows, 40), heap(DType.F32, controls, rows, 4),
        heap(DType.I32, Arrays.stream(seeds).asDoubleStream().toArray(), rows, 3), positions, output(DType.I32, rows));
    List<Distribution> truth = Oracle.distributions(sample, Host.buffers());
    double[] ids = device.run(sample).get("ids");
    for (int r = 0; r < rows; r++) {
      assertThat(truth.get(r).allows((int) ids[r], 1e-5)).as("row %d drew %s", r, ids[r]).isTrue();
    }
  }
}
