package dev.gatun.tck.cases;

import dev.gatun.Sample;
import dev.gatun.tck.lab.Expectation;
import dev.gatun.tck.lab.Findings;
import dev.gatun.tck.oracle.Distribution;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Oracle;
import java.util.Arrays;

/** That many draws from one distribution follow its probabilities. */
final class Shares implements Expectation {
  /** Among all rows of all cases not one share is off by as many standard deviations by chance. */
  private static final double DEVIATIONS = 5;

  private final Sample op;
  private final Distribution distribution;

  /** The rows of {@code op} have the same logits and controls, and random numbers of their own. */
  Shares(Sample op) {
    this.op = op;
    this.distribution = Oracle.distributions(op, Host.buffers()).getFirst();
  }

  @Override
  public void verify(String form, Findings findings) {
    double[] drawn = Elements.all(Host.buffers(), op.ids());
    double[] probabilities = distribution.probabilities();
    for (int i = 0; i < probabilities.length; i++) {
      int id = distribution.ids()[i];
      double expected = drawn.length * probabilities[i];
      long found = Arrays.stream(drawn).filter(d -> d == id).count();
      double deviation = Math.sqrt(expected * (1 - probabilities[i]));
      findings.check("shares", Math.abs(found - expected) <= DEVIATIONS * deviation + 1, () -> form + ": id " + id + " was drawn " + found
          + " times in " + drawn.length + " rows; its probability gives " + expected + " ± " + deviation);
    }
  }
}
