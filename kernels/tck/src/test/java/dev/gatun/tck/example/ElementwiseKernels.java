package dev.gatun.tck.example;

import dev.gatun.Add;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.Mul;
import dev.gatun.Scale;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Tensor;

/** Operators whose every element comes from the elements at the same place. */
final class ElementwiseKernels {
  private static final double MOST_DEVIATIONS = 9;

  private ElementwiseKernels() {}

  private interface One {
    float of(float x);
  }

  private interface Two {
    float of(float a, float b);
  }

  static Runnable add(Add op, Binding at) {
    Rows rows = at.defect() == Defect.ROWS_PAST_THE_COUNT ? Rows.of(at, op.y().withoutCount()) : rows(at, op.a(), op.b(), op.y());
    return each(rows, at.values(op.a()), at.values(op.b()), at.values(op.y()), Float::sum);
  }

  static Runnable mul(Mul op, Binding at) {
    Rows rows = rows(at, op.a(), op.b(), op.y());
    Values y = at.values(op.y());
    Runnable all = each(rows, at.values(op.a()), at.values(op.b()), y, (a, b) -> a * b);
    if (at.defect() == Defect.WRITE_BEFORE_THE_START) {
      return () -> {
        all.run();
        y.set(-1, 1);
      };
    }
    return all;
  }

  static Runnable siluMul(SiluMul op, Binding at) {
    Values gate = at.values(op.gate());
    Values rows = at.defect() == Defect.STRIDES_IGNORED ? gate.withoutGaps() : gate;
    return each(Rows.of(at, op.gate(), op.up(), op.y()), rows, at.values(op.up()), at.values(op.y()),
        (g, up) -> g / (1 + (float) Math.exp(-g)) * up);
  }

  static Runnable geluMul(GeluMul op, Binding at) {
    One gelu = gelu(op.form());
    return each(Rows.of(at, op.gate(), op.up(), op.y()), at.values(op.gate()), at.values(op.up()), at.values(op.y()),
        (gate, up) -> gelu.of(gate) * up);
  }

  static Runnable gelu(Gelu op, Binding at) {
    return each(Rows.of(at, op.x(), op.y()), at.values(op.x()), at.values(op.y()), gelu(op.form()));
  }

  static Runnable scale(Scale op, Binding at) {
    Values x = at.values(op.x());
    return each(Rows.of(at, op.x(), op.y()), at.defect() == Defect.ALIGNMENT_ASSUMED ? x.alignedDown(16) : x, at.values(op.y()),
        value -> op.factor() * value);
  }

  static Runnable softcap(Softcap op, Binding at) {
    return each(Rows.of(at, op.x(), op.y()), at.values(op.x()), at.values(op.y()), x -> capped(x, op.cap()));
  }

  static float capped(float x, float cap) {
    return cap * (float) Math.tanh(x / cap);
  }

  /** A {@code b} that is one row is read whole, whatever the count. */
  private static Rows rows(Binding at, Tensor a, Tensor b, Tensor y) {
    return b.shape().equals(a.shape()) ? Rows.of(at, a, b, y) : Rows.of(at, a, y);
  }

  private static Runnable each(Rows rows, Values x, Values y, One formula) {
    return () -> {
      long n = rows.rows();
      int length = rows.length();
      for (long r = 0; r < n; r++) {
        long from = x.row(r);
        long to = y.row(r);
        for (int i = 0; i < length; i++) {
          y.set(to + i, formula.of(x.get(from + i)));
        }
      }
    };
  }

  private static Runnable each(Rows rows, Values a, Values b, Values y, Two formula) {
    return () -> {
      long n = rows.rows();
      int length = rows.length();
      for (long r = 0; r < n; r++) {
        long left = a.row(r);
        long right = b.rank() == 1 ? 0 : b.row(r);
        long to = y.row(r);
        for (int i = 0; i < length; i++) {
          y.set(to + i, formula.of(a.get(left + i), b.get(right + i)));
        }
      }
    };
  }

  private static One gelu(Gelu.Form form) {
    return switch (form) {
      case ERF -> x -> x * (float) normal(x);
      case TANH -> x -> x * (1 + (float) Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))) / 2;
    };
  }

  /** The normal distribution function by its series {@code 1/2 + φ(x)·(x + x³/3 + x⁵/15 + …)}. */
  private static double normal(double x) {
    if (!(Math.abs(x) < MOST_DEVIATIONS)) {
      return Double.isNaN(x) ? x : x < 0 ? 0 : 1;
    }
    double sum = 0;
    double term = x;
    for (int i = 3; sum + term != sum; i += 2) {
      sum += term;
      term *= x * x / i;
    }
    return 0.5 + sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
  }
}
