package dev.gatun.tck.oracle;

import dev.gatun.Sample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Draws from rows of logits. */
final class SampleOracle {
  private SampleOracle() {}

  static List<Distribution> distributions(Sample op, Host host) {
    int rows = Elements.rows(host, op.x(), op.controls(), op.seeds(), op.positions(), op.ids());
    int n = Math.toIntExact(op.x().size(1));
    double[] x = Elements.read(host, op.x(), rows);
    double[] controls = Elements.read(host, op.controls(), rows);
    double[] seeds = Elements.read(host, op.seeds(), rows);
    double[] positions = Elements.read(host, op.positions(), rows);
    List<Distribution> list = new ArrayList<>();
    for (int r = 0; r < rows; r++) {
      int[] counter = {(int) positions[r], (int) seeds[3 * r + 2], 0, 0};
      int word = Philox.words(counter, (int) seeds[3 * r], (int) seeds[3 * r + 1])[0];
      list.add(row(Arrays.copyOfRange(x, r * n, (r + 1) * n), Arrays.copyOfRange(controls, 4 * r, 4 * r + 4), (word >>> 8) * 0x1p-24));
    }
    return list;
  }

  private static Distribution row(double[] x, double[] controls, double u) {
    int[] order = LogitOracle.descending(x);
    double temperature = controls[0];
    if (!(temperature > 0) || !Double.isFinite(x[order[0]])) {
      return Distribution.certain(order[0]);
    }
    double[] ordered = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      ordered[i] = x[order[i]] / temperature;
    }
    return new Distribution(order, LogitOracle.softmax(ordered), controls[1], controls[2], (int) controls[3], u);
  }
}
