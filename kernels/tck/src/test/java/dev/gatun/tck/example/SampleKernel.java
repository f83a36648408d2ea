package dev.gatun.tck.example;

import dev.gatun.DType;
import dev.gatun.Sample;
import java.util.function.IntSupplier;

/** Sample: a row is put in order, cut off, and walked until the running sum passes the random number. */
final class SampleKernel {
  private final Binding at;
  private final Values x;
  private final Values controls;
  private final Values seeds;
  private final Values positions;
  private final Values ids;
  private final Values order;
  private final Values weights;

  private SampleKernel(Sample op, Binding at) {
    this.at = at;
    x = at.values(op.x());
    controls = at.values(op.controls());
    seeds = at.values(op.seeds());
    positions = at.values(op.positions());
    ids = at.values(op.ids());
    order = at.scratch(DType.I32, 0, op.x().size(1));
    weights = at.scratch(DType.F32, op.x().size(1), op.x().size(1));
  }

  static Runnable sample(Sample op, Binding at) {
    IntSupplier count = at.count(op.x(), op.controls(), op.seeds(), op.positions(), op.ids());
    SampleKernel kernel = new SampleKernel(op, at);
    return () -> {
      for (int r = 0; r < count.getAsInt(); r++) {
        kernel.ids.setInteger(r, kernel.draw(r));
      }
    };
  }

  private int draw(int r) {
    int n = x.size(1);
    long row = x.row(r);
    new Order(x, false).sort(row, n, order);
    float largest = x.get(row + order.integer(0));
    float temperature = controls.get(controls.row(r));
    if (!(temperature > 0) || !Float.isFinite(largest)) {
      return order.integer(0);
    }
    for (int i = 0; i < n; i++) {
      weights.set(i, (float) Math.exp((x.get(row + order.integer(i)) - largest) / temperature));
    }
    int kept = kept(controls.row(r), n);
    double wanted = uniform(r) * sum(kept);
    double running = weights.get(0);
    int i = 0;
    while (i < kept - 1 && !(running > wanted)) {
      i++;
      running += weights.get(i);
    }
    return order.integer(i);
  }

  /** How many of the first stay after the cuts at top_k, top_p and min_p. */
  private int kept(long control, int n) {
    float topP = controls.get(control + 1);
    float minP = controls.get(control + 2);
    int topK = (int) controls.get(control + 3);
    int kept = topK > 0 ? Math.min(topK, n) : n;
    if (topP < 1) {
      double share = topP * sum(kept);
      double running = weights.get(0);
      int first = 1;
      while (first < kept && running < share) {
        running += weights.get(first);
        first++;
      }
      kept = at.defect() == Defect.SAMPLE_TOP_P_TOO_SHORT ? Math.max(1, first - 1) : first;
    }
    int likely = 1;
    while (likely < kept && weights.get(likely) >= minP * weights.get(0)) {
      likely++;
    }
    return likely;
  }

  private double sum(int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += weights.get(i);
    }
    return sum;
  }

  private float uniform(int r) {
    long seed = seeds.row(r);
    int[] counter = {positions.integer(r * positions.stride(0)), seeds.integer(seed + 2), 0, 0};
    int[] words = Philox.words(counter, seeds.integer(seed), seeds.integer(seed + 1));
    return Philox.unit(words[at.defect() == Defect.SAMPLE_WRONG_WORD ? 1 : 0]);
  }
}
