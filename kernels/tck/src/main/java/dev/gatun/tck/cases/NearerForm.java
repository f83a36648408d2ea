package dev.gatun.tck.cases;

import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.Operator;
import dev.gatun.Tensor;
import dev.gatun.tck.lab.Expectation;
import dev.gatun.tck.lab.Findings;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Oracle;

/**
 * That a result lies nearer to its own form of gelu than to the other. Between the forms lies less than a fast tanh may be off, so that no bound on the error
 * tells them apart; the direction of the error does, since a fast unit's does not follow the difference of the forms.
 */
final class NearerForm implements Expectation {
  private final Tensor y;
  private final double[] own;
  private final double[] other;

  /** Asks the oracle for both forms now. */
  NearerForm(Operator operator) {
    this.y = operator.writes().getFirst();
    this.own = Oracle.compute(operator, Host.buffers()).get("y");
    Operator swapped = switch (operator) {
      case Gelu gelu -> new Gelu(gelu.x(), swapped(gelu.form()), gelu.y());
      case GeluMul gelu -> new GeluMul(gelu.gate(), gelu.up(), swapped(gelu.form()), gelu.y());
      default -> throw new IllegalArgumentException(operator.name() + " has no form");
    };
    this.other = Oracle.compute(swapped, Host.buffers()).get("y");
  }

  private static Gelu.Form swapped(Gelu.Form form) {
    return form == Gelu.Form.ERF ? Gelu.Form.TANH : Gelu.Form.ERF;
  }

  @Override
  public void verify(String form, Findings findings) {
    double[] actual = Elements.all(Host.buffers(), y);
    double along = 0;
    double whole = 0;
    for (int i = 0; i < actual.length; i++) {
      double way = other[i] - own[i];
      along += (actual[i] - own[i]) * way;
      whole += way * way;
    }
    double share = along / whole;
    findings.check("form", share < 0.5, () -> form + ", y: lies " + share + " of the way from the form asked for to the other");
  }
}
