package dev.gatun.tck.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.DType;
import dev.gatun.Gelu;
import dev.gatun.LayerNorm;
import dev.gatun.Operator;
import dev.gatun.Penalize;
import dev.gatun.RmsNorm;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Softmax;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Inputs;
import dev.gatun.tck.oracle.Nmse;
import dev.gatun.tck.oracle.Oracle;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * Computations as an honest backend might do them, in float32 with its fast units: each bound is above what they give, and not far above.
 */
class RowBoundsTest {
  /** What fast units for exponentials and tanh are off by, at most, in proportion. */
  private static final float FAST = 0x1p-11f;

  private final SplittableRandom random = new SplittableRandom(11);

  /** That the largest of some errors is within a bound which is no more than {@code multiple} times that error. */
  private static void holds(Bound bound, double error, double multiple) {
    assertThat(error).as("an honest error: %s", bound.reason()).isLessThanOrEqualTo(bound.nmse());
    assertThat(bound.nmse()).as("the bound: %s", bound.reason()).isLessThanOrEqualTo(multiple * error);
  }

  private static float[] floats(double... values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  private static Tensor tensor(float[] values, long... shape) {
    return Tensor.ofHost(MemorySegment.ofArray(values), DType.F32, shape);
  }

  private static Tensor row(float... values) {
    return tensor(values, 1, values.length);
  }

  private static double[] exact(Operator operator) {
    return Oracle.compute(operator, Host.buffers()).get("y");
  }

  /** A value off by up to {@code most} of itself, either way. */
  private double off(double value, double most) {
    return value * (1 + most * (2 * random.nextDouble() - 1));
  }

  @Test
  void aFewOperationsOfWhichOneIsADivision() {
    double worst = 0;
    for (long seed = 0; seed < 20; seed++) {
      float[] x = floats(Inputs.normal(seed, 1000, 2));
      int[] history = Inputs.integers(seed, 3000, 0, 1000);
      float[] penalties = {1.3f, 0.25f, 0.125f};
      Tensor y = row(new float[1000]);
      double[] expected = exact(new Penalize(row(x), Tensor.ofHost(MemorySegment.ofArray(history), DType.I32, 1, 3000),
          Tensor.ofHost(MemorySegment.ofArray(new int[] {3000}), DType.I32, 1), tensor(penalties, 1, 3), y));
      int[] seen = new int[1000];
      for (int id : history) {
        seen[id]++;
      }
      float[] honest = x.clone();
      for (int i = 0; i < 1000; i++) {
        if (seen[i] > 0) {
          // A fast division is off by two units of the last place.
          float lowered = x[i] > 0 ? (float) (x[i] / penalties[0] * (1 + 0x1p-22)) : x[i] * penalties[0];
          honest[i] = lowered - seen[i] * penalties[1] - penalties[2];
        }
      }
      worst = Math.max(worst, Nmse.of(expected, honest));
    }
    holds(Bounds.ELEMENTWISE, worst, 100);
  }

  private static float sum(float[] values) {
    float sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum;
  }

  @Test
  void aRootMeanSquareSummedOneByOne() {
    double worst = 0;
    for (int n : new int[] {64, 4096, 16_385}) {
      for (Fill fill : new Fill[] {Fill.NORMAL, Fill.UNIFORM, Fill.OUTLIERS, Fill.EQUAL}) {
        float[] x = floats(fill.values(n, n));
        float[] weight = floats(Inputs.normal(n + 1, n, 1));
        double[] expected = exact(new RmsNorm(row(x), tensor(weight, n), 1e-5f, row(new float[n])));
        float[] squares = new float[n];
        for (int i = 0; i < n; i++) {
          squares[i] = x[i] * x[i];
        }
        float factor = (float) (1 / Math.sqrt(sum(squares) / n + 1e-5f));
        float[] honest = new float[n];
        for (int i = 0; i < n; i++) {
          honest[i] = x[i] * factor * weight[i];
        }
        worst = Math.max(worst, Nmse.of(expected, honest));
      }
    }
    holds(Bounds.NORM, worst, 50);
  }

  @Test
  void aLayerNormWhoseMeanIsSummedOneByOne() {
    for (double mean : new double[] {0, 30, 1000}) {
      double worst = 0;
      double steepness = mean / Math.sqrt(1 / 3.0 + 1e-5);
      for (int n : new int[] {500, 4096, 14_336}) {
        double share = 0;
        Bound bound = Bounds.layerNorm(n, steepness);
        for (int seed = 0; seed < 5; seed++) {
          share = Math.max(share, layerNorm(n, mean, seed) / bound.nmse());
        }
        assertThat(share).as("%s elements of mean %s", n, mean).isLessThanOrEqualTo(1);
        worst = Math.max(worst, share);
      }
      assertThat(worst).as("mean %s", mean).isGreaterThanOrEqualTo(mean == 0 ? 1.0 / 100 : 1.0 / 50);
    }
  }

  private static double layerNorm(int n, double center, int seed) {
    float[] x = floats(Inputs.uniform(n + seed, n, center - 1, center + 1));
    float[] weight = floats(Inputs.normal(n + 1, n, 1));
    float[] bias = floats(Inputs.normal(n + 2, n, 1));
    double[] expected = exact(new LayerNorm(row(x), tensor(weight, n), Optional.of(tensor(bias, n)), 1e-5f, row(new float[n])));
    float mean = sum(x) / n;
    float[] squares = new float[n];
    for (int i = 0; i < n; i++) {
      squares[i] = (x[i] - mean) * (x[i] - mean);
    }
    float factor = (float) (1 / Math.sqrt(sum(squares) / n + 1e-5f));
    float[] honest = new float[n];
    for (int i = 0; i < n; i++) {
      honest[i] = (x[i] - mean) * factor * weight[i] + bias[i];
    }
    return Nmse.of(expected, honest);
  }

  private static float[] mapped(float[] x, DoubleUnaryOperator formula) {
    float[] y = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = (float) formula.applyAsDouble(x[i]);
    }
    return y;
  }

  @Test
  void activationsOfFastUnits() {
    double worst = 0;
    for (double spread : new double[] {0.01, 0.3, 1, 3, 20}) {
      float[] x = floats(Inputs.normal(5, 2000, spread));
      Tensor ones = row(mapped(x, _ -> 1));
      worst = Math.max(worst, Nmse.of(exact(new SiluMul(row(x), ones, ones)),
          mapped(x, g -> g / (1 + (float) (Math.exp(-g) * (1 + FAST))))));
      worst = Math.max(worst, Nmse.of(exact(new Softcap(row(x), 1.25f, ones)),
          mapped(x, v -> 1.25f * (float) (Math.tanh(v / 1.25f) * (1 + FAST)))));
    }
    holds(Bounds.ACTIVATION, worst, 2);
  }

  /** Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26: erf to 1.5e-7. */
  private static float erf(float x) {
    float t = 1 / (1 + 0.3275911f * Math.abs(x));
    float series = ((((1.061405429f * t - 1.453152027f) * t + 1.421413741f) * t - 0.284496736f) * t + 0.254829592f) * t;
    return Math.copySign(1 - series * (float) Math.exp(-x * x), x);
  }

  @Test
  void geluByASimpleErf() {
    double worst = 0;
    for (double spread : new double[] {0.3, 1, 3, 20}) {
      float[] x = floats(Inputs.normal(6, 2000, spread));
      double[] expected = exact(new Gelu(row(x), Gelu.Form.ERF, row(x)));
      worst = Math.max(worst, Nmse.of(expected, mapped(x, v -> (float) v * (1 + erf((float) v * 0.70710678f)) / 2)));
    }
    holds(Bounds.gelu(Gelu.Form.ERF), worst, 100);
  }

  private static float tanhGelu(double x, float off) {
    float u = (float) (0.7978845608 * (x + 0.044715 * x * x * x));
    return (float) x * (1 + (float) (Math.tanh(u) * (1 + off))) / 2;
  }

  @Test
  void geluByAFastTanh() {
    double worst = 0;
    for (double spread : new double[] {0.3, 1, 3, 20}) {
      float[] x = floats(Inputs.normal(7, 2000, spread));
      worst = Math.max(worst, Nmse.of(exact(new Gelu(row(x), Gelu.Form.TANH, row(x))), mapped(x, v -> tanhGelu(v, FAST))));
    }
    holds(Bounds.gelu(Gelu.Form.TANH), worst, 2);
  }

  @Test
  void theBoundOfErfTellsItFromTanh() {
    float[] x = floats(Inputs.normal(8, 300, 1));
    assertThat(Nmse.of(exact(new Gelu(row(x), Gelu.Form.ERF, row(x))), mapped(x, v -> tanhGelu(v, 0))))
        .isGreaterThan(100 * Bounds.gelu(Gelu.Form.ERF).nmse());
  }

  @Test
  void aSoftmaxOfFastExponentials() {
    double worst = 0;
    for (double spread : new double[] {0.001, 1, 3, 20}) {
      for (int n : new int[] {2, 70, 4097}) {
        float[] x = floats(Inputs.normal(n, n, spread));
        worst = Math.max(worst, Nmse.of(exact(new Softmax(row(x), 1, row(x))), softmax(x, FAST)));
      }
    }
    holds(Bounds.SOFTMAX, worst, 10);
  }

  /** With exponentials too large above the middle and too small below, which is the worst that can be. */
  private static float[] softmax(float[] x, float off) {
    float largest = Float.NEGATIVE_INFINITY;
    for (float value : x) {
      largest = Math.max(largest, value);
    }
    float[] y = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = (float) (Math.exp(x[i] - largest) * (1 + (i % 2 == 0 ? off : -off)));
    }
    float sum = sum(y);
    return mapped(y, v -> (float) v / sum);
  }

  /** How far the running sums of probabilities may be off is how far an id may lie outside of its interval. */
  @Test
  void runningSumsOverAVocabulary() {
    double worst = 0;
    for (int n : new int[] {100, 4096, 151_936}) {
      for (double spread : new double[] {0.01, 1, 3}) {
        double share = runningSum(Inputs.normal(9, n, spread)) / Bounds.draw(n, 0).nmse();
        assertThat(share).as("%s elements, spread %s", n, spread).isLessThanOrEqualTo(1);
        worst = Math.max(worst, share);
      }
    }
    assertThat(worst).isGreaterThanOrEqualTo(1.0 / 4);
  }

  private double runningSum(double[] x) {
    double[] exact = new double[x.length];
    float[] honest = new float[x.length];
    double exactSum = 0;
    float sum = 0;
    for (int i = 0; i < x.length; i++) {
      exactSum += Math.exp(x[i]);
      exact[i] = exactSum;
      sum += (float) off(Math.exp((float) x[i]), 0x1p-22);
      honest[i] = sum;
    }
    double worst = 0;
    for (int i = 0; i < x.length; i++) {
      worst = Math.max(worst, Math.abs(exact[i] / exactSum - honest[i] / sum));
    }
    return worst;
  }
}
