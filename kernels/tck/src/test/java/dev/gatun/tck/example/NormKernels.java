package dev.gatun.tck.example;

import dev.gatun.LayerNorm;
import dev.gatun.RmsNorm;
import dev.gatun.Softmax;
import java.util.Optional;

/** Operators that first go over a whole row, then over each of its elements. */
final class NormKernels {
  private NormKernels() {}

  static Runnable rms(RmsNorm op, Binding at) {
    Rows rows = Rows.of(at, op.x(), op.y());
    Values x = at.values(op.x());
    Values weight = at.values(op.weight());
    Values y = at.values(op.y());
    return () -> {
      for (long r = 0; r < rows.rows(); r++) {
        rms(x, x.row(r), weight, op.eps(), y, y.row(r), rows.length());
        if (at.defect() == Defect.WRITE_PAST_THE_END) {
          y.set(y.row(r) + rows.length(), 1);
        }
      }
    };
  }

  /** One row of {@code n} elements. */
  static void rms(Values x, long from, Values weight, float eps, Values y, long to, int n) {
    float squares = 0;
    for (int i = 0; i < n; i++) {
      squares += x.get(from + i) * x.get(from + i);
    }
    float root = (float) Math.sqrt(squares / n + eps);
    for (int i = 0; i < n; i++) {
      y.set(to + i, x.get(from + i) / root * weight.get(i));
    }
  }

  static Runnable layer(LayerNorm op, Binding at) {
    Rows rows = Rows.of(at, op.x(), op.y());
    Values x = at.values(op.x());
    Values weight = at.values(op.weight());
    Optional<Values> bias = op.bias().map(at::values);
    Values y = at.values(op.y());
    return () -> {
      int n = rows.length();
      for (long r = 0; r < rows.rows(); r++) {
        long from = x.row(r);
        long to = y.row(r);
        float mean = mean(x, from, n);
        float squares = 0;
        for (int i = 0; i < n; i++) {
          float distance = x.get(from + i) - mean;
          squares += distance * distance;
        }
        float root = (float) Math.sqrt(squares / n + op.eps());
        for (int i = 0; i < n; i++) {
          float normed = (x.get(from + i) - mean) / root;
          y.set(to + i, normed * weight.get(i) + (bias.isPresent() ? bias.get().get(i) : 0));
          if (at.defect() == Defect.INPUT_MODIFIED && !op.x().isSameView(op.y())) {
            x.set(from + i, normed);
          }
        }
      }
    };
  }

  /** The second pass adds what rounding lost in a sum much larger than the distances from the mean. */
  private static float mean(Values x, long from, int n) {
    float sum = 0;
    for (int i = 0; i < n; i++) {
      sum += x.get(from + i);
    }
    float mean = sum / n;
    float rest = 0;
    for (int i = 0; i < n; i++) {
      rest += x.get(from + i) - mean;
    }
    return mean + rest / n;
  }

  static Runnable softmax(Softmax op, Binding at) {
    Rows rows = Rows.of(at, op.x(), op.y());
    Values x = at.values(op.x());
    Values y = at.values(op.y());
    boolean swallow = at.defect() == Defect.NAN_SWALLOWED;
    return () -> {
      int n = rows.length();
      for (long r = 0; r < rows.rows(); r++) {
        long from = x.row(r);
        long to = y.row(r);
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) {
          float score = op.scale() * x.get(from + i);
          // A comparison would lose a NaN.
          largest = swallow ? score > largest ? score : largest : Math.max(largest, score);
        }
        float sum = 0;
        for (int i = 0; i < n; i++) {
          sum += weight(op.scale() * x.get(from + i) - largest, swallow);
        }
        for (int i = 0; i < n; i++) {
          y.set(to + i, weight(op.scale() * x.get(from + i) - largest, swallow) / sum);
        }
      }
    };
  }

  private static float weight(float score, boolean swallow) {
    return swallow && Float.isNaN(score) ? 0 : (float) Math.exp(score);
  }
}
