package dev.gatun.tck.cases;

import dev.gatun.Copy;
import dev.gatun.tck.lab.Expectation;
import dev.gatun.tck.lab.Findings;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Oracle;
import java.util.Optional;

/** That a copy keeps the sign of zero, which no difference shows. */
final class SignedZeros implements Expectation {
  private final Copy copy;
  private final double[] expected;

  SignedZeros(Copy copy) {
    this.copy = copy;
    this.expected = Oracle.compute(copy, Host.buffers()).get("y");
  }

  @Override
  public Optional<Expectation> anew() {
    return Optional.of(new SignedZeros(copy));
  }

  @Override
  public void verify(String form, Findings findings) {
    double[] actual = Elements.read(Host.buffers(), copy.y(), Elements.rows(Host.buffers(), copy.x(), copy.y()));
    for (int i = 0; i < expected.length; i++) {
      int at = i;
      findings.check("exact", expected[i] != 0 || Double.compare(expected[i], actual[i]) == 0,
          () -> form + ", y: element " + at + ": expected " + expected[at] + ", got " + actual[at]);
    }
  }
}
