package dev.gatun.tck;

import dev.gatun.tck.cases.Family;
import dev.gatun.tck.cases.Values;
import dev.gatun.tck.lab.CheckException;
import dev.gatun.tck.lab.Findings;
import dev.gatun.tck.lab.Lab;
import dev.gatun.tck.lab.Workbench;

/** Examines cases one after another on a backend open in this process. */
final class CaseRunner implements AutoCloseable {
  private final Lab lab;
  private final long seed;

  CaseRunner(Lab lab, long seed) {
    this.lab = lab;
    this.seed = seed;
  }

  /** @throws CaseException if the suite has no such family, or the values make no case */
  CaseResult run(TestCase test) {
    Family family = Suite.family(test.family());
    Values values = Suite.values(test, seed);
    Findings findings = new Findings();
    long started = System.nanoTime();
    try {
      try (Workbench bench = lab.bench()) {
        family.examine(values, bench, findings);
      }
      Verdict verdict = findings.unsupported().isPresent() ? Verdict.UNSUPPORTED : Verdict.PASS;
      return new CaseResult(values.test(), family.column(values), verdict, "", findings.unsupported().orElse(""), findings.measures(),
          System.nanoTime() - started);
    } catch (CaseException e) {
      throw e;
    } catch (CheckException e) {
      return failed(family, values, findings, e.check(), e.getMessage(), started);
    } catch (RuntimeException | LinkageError | OutOfMemoryError | StackOverflowError e) {
      return failed(family, values, findings, "threw", thrown(e), started);
    }
  }

  private CaseResult failed(Family family, Values values, Findings findings, String check, String message, long started) {
    lab.renew();
    return new CaseResult(values.test(), family.column(values), Verdict.FAIL, check, message, findings.measures(), System.nanoTime() - started);
  }

  private static String thrown(Throwable e) {
    StackTraceElement[] stack = e.getStackTrace();
    return e + (stack.length == 0 ? "" : " at " + stack[0]);
  }

  @Override
  public void close() {
    lab.close();
  }
}
