package dev.gatun.tck.cases;

import dev.gatun.ShapeException;
import dev.gatun.tck.CaseException;
import dev.gatun.tck.lab.Examination;
import dev.gatun.tck.lab.Findings;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.UnservedException;
import dev.gatun.tck.lab.Workbench;

/** Cases of one operator of the catalogue, each examined by {@link Examination}. */
abstract class OperatorFamily implements Family {
  private final Signature signature;
  private final Group group;

  OperatorFamily(Group group, Signature signature) {
    this.group = group;
    this.signature = signature;
  }

  @Override
  public final Signature signature() {
    return signature;
  }

  @Override
  public final boolean isOperator() {
    return true;
  }

  @Override
  public final Group group() {
    return group;
  }

  @Override
  public final void examine(Values values, Workbench bench, Findings findings) {
    try {
      Examination.of(bench, laidOut(values, bench), findings).run();
    } catch (UnservedException e) {
      findings.unsupported(e.getMessage());
    }
  }

  /** What the backend throws meanwhile comes as a {@link dev.gatun.tck.lab.CheckException}; the rest is what the values bring about. */
  private Trial laidOut(Values values, Workbench bench) {
    try {
      return trial(values, bench);
    } catch (ShapeException | ArithmeticException | IllegalArgumentException | NegativeArraySizeException e) {
      throw new CaseException(values.test() + " makes no case: " + e.getMessage());
    }
  }

  /** The case made concrete: its tensors on the bench, the operator over them, and what must come of it. */
  abstract Trial trial(Values values, Workbench bench);
}
