package dev.gatun.tck.oracle;

import dev.gatun.Add;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.Mul;
import dev.gatun.Scale;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Tensor;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;

/** Operators that compute each element from the elements at the same place. */
final class ElementwiseOracle {
  private ElementwiseOracle() {}

  static Map<String, double[]> add(Add op, Host host) {
    return combine(host, op.a(), op.b(), op.y(), Double::sum);
  }

  static Map<String, double[]> mul(Mul op, Host host) {
    return combine(host, op.a(), op.b(), op.y(), (a, b) -> a * b);
  }

  static Map<String, double[]> scale(Scale op, Host host) {
    return map(host, op.x(), op.y(), x -> op.factor() * x);
  }

  static Map<String, double[]> softcap(Softcap op, Host host) {
    double cap = op.cap();
    return map(host, op.x(), op.y(), x -> cap * StrictMath.tanh(x / cap));
  }

  static Map<String, double[]> siluMul(SiluMul op, Host host) {
    return combine(host, op.gate(), op.up(), op.y(), (gate, up) -> gate / (1 + StrictMath.exp(-gate)) * up);
  }

  static Map<String, double[]> gelu(Gelu op, Host host) {
    return map(host, op.x(), op.y(), x -> gelu(x, op.form()));
  }

  static Map<String, double[]> geluMul(GeluMul op, Host host) {
    return combine(host, op.gate(), op.up(), op.y(), (gate, up) -> gelu(gate, op.form()) * up);
  }

  private static double gelu(double x, Gelu.Form form) {
    return switch (form) {
      case ERF -> x * NormalDistribution.cumulative(x);
      case TANH -> x * (1 + StrictMath.tanh(StrictMath.sqrt(2 / StrictMath.PI) * (x + 0.044715 * x * x * x))) / 2;
    };
  }

  private static Map<String, double[]> map(Host host, Tensor x, Tensor y, DoubleUnaryOperator formula) {
    double[] values = Elements.read(host, x, Elements.rows(host, x, y));
    for (int i = 0; i < values.length; i++) {
      values[i] = formula.applyAsDouble(values[i]);
    }
    return Map.of("y", values);
  }

  /** With {@code b} repeated over the rows where it is one row. */
  private static Map<String, double[]> combine(Host host, Tensor a, Tensor b, Tensor y, DoubleBinaryOperator formula) {
    boolean whole = b.shape().equals(a.shape());
    int rows = whole ? Elements.rows(host, a, b, y) : Elements.rows(host, a, y);
    double[] values = Elements.read(host, a, rows);
    double[] other = whole ? Elements.read(host, b, rows) : Elements.all(host, b);
    for (int i = 0; i < values.length; i++) {
      values[i] = formula.applyAsDouble(values[i], other[i % other.length]);
    }
    return Map.of("y", values);
  }
}
