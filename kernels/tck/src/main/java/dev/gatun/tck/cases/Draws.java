package dev.gatun.tck.cases;

import dev.gatun.Sample;
import dev.gatun.tck.Measure;
import dev.gatun.tck.lab.Bound;
import dev.gatun.tck.lab.Bounds;
import dev.gatun.tck.lab.Expectation;
import dev.gatun.tck.lab.Findings;
import dev.gatun.tck.oracle.Distribution;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Oracle;
import java.util.List;
import java.util.Optional;

/** That every id was drawn within its interval, give or take what rounding moves. */
final class Draws implements Expectation {
  /** Steps in which it is found out how far outside of its interval an id lies. */
  private static final int STEPS = 16;

  private final Sample op;
  private final List<Distribution> distributions;
  private final double[] steepness;

  /** Asks the oracle now. */
  Draws(Sample op) {
    this.op = op;
    this.distributions = Oracle.distributions(op, Host.buffers());
    this.steepness = new double[distributions.size()];
    double[] x = Elements.read(Host.buffers(), op.x(), steepness.length);
    double[] controls = Elements.read(Host.buffers(), op.controls(), steepness.length);
    int n = Math.toIntExact(op.x().size(1));
    for (int r = 0; r < steepness.length; r++) {
      double largest = 0;
      for (int i = r * n; i < (r + 1) * n; i++) {
        largest = Double.isFinite(x[i]) ? Math.max(largest, Math.abs(x[i])) : largest;
      }
      steepness[r] = controls[4 * r] > 0 ? largest / controls[4 * r] : 0;
    }
  }

  @Override
  public Optional<Expectation> anew() {
    return Optional.of(new Draws(op));
  }

  @Override
  public void verify(String form, Findings findings) {
    double[] ids = Elements.read(Host.buffers(), op.ids(), distributions.size());
    for (int r = 0; r < ids.length; r++) {
      Distribution distribution = distributions.get(r);
      int id = (int) ids[r];
      int row = r;
      Bound bound = Bounds.draw(Math.toIntExact(op.x().size(1)), steepness[r]);
      findings.check("draw", distribution.allows(id, bound.nmse()),
          () -> form + ", row " + row + ": drew id " + id + " at u = " + distribution.u()
          + ", whose interval is not within " + bound.nmse() + " of it; exact arithmetic draws " + distribution.id());
      findings.measure(new Measure("ids", share(distribution, id, bound.nmse()) * bound.nmse(), bound.nmse(), bound.reason()));
    }
  }

  /** The share of what is allowed that this id takes, rounded up to a step. */
  private static double share(Distribution distribution, int id, double epsilon) {
    int step = 0;
    while (step < STEPS && !distribution.allows(id, epsilon * step / STEPS)) {
      step++;
    }
    return (double) step / STEPS;
  }
}
