package dev.gatun.tck;

import dev.gatun.tck.lab.Lab;

/** Examines here: quick to start and easy to debug, and ended by whatever the backend does to the process. */
final class InThisProcess implements Examiner {
  private final Lab lab;
  private final CaseRunner runner;

  InThisProcess(Validation asked) {
    lab = Opening.lab(asked.backend(), asked.options(), asked.scale());
    runner = new CaseRunner(lab, asked.seed());
  }

  @Override
  public Report.Subject subject() {
    return Opening.subject(lab);
  }

  @Override
  public Scale scale() {
    return lab.scale();
  }

  @Override
  public CaseResult examine(TestCase test) {
    return runner.run(test);
  }

  @Override
  public void stop() {
    // A case can't be ended from outside; the next one is not begun.
  }

  @Override
  public void close() {
    runner.close();
  }
}
