package dev.gatun.tck;

import dev.gatun.tck.cases.Family;
import dev.gatun.tck.cases.Values;
import dev.gatun.tck.lab.CheckException;
import dev.gatun.tck.lab.Findings;
import dev.gatun.tck.lab.Lab;
import dev.gatun.tck.lab.Workbench;

/** Examines cases one after another on a backend open in this process. */
final class CaseRunner implements AutoCloseable {
  /** An exception may carry a whole tensor in its message. */
  private static final int MOST_TEXT = 4000;

  private final Lab lab;
  private final long seed;
  private boolean stale;
  private boolean spent;

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
      if (stale) {
        lab.renew();
        stale = false;
      }
      try (Workbench bench = lab.bench()) {
        family.examine(values, bench, findings);
      }
      Verdict verdict = findings.unsupported().isPresent() ? Verdict.UNSUPPORTED : Verdict.PASS;
      return new CaseResult(values.test(), family.column(values), verdict, "", findings.unsupported().orElse(""), findings.measures(),
          System.nanoTime() - started);
    } catch (CaseException e) {
      String line = values.test().line();
      throw e.getMessage().contains(line) ? e : new CaseException(line + ": " + e.getMessage());
    } catch (CheckException e) {
      return failed(family, values, findings, e.check(), e.getMessage(), started);
    } catch (RuntimeException e) {
      return failed(family, values, findings, "threw", thrown(e), started);
    } catch (Error e) {
      spent = true;
      return failed(family, values, findings, "threw", thrown(e), started);
    }
  }

  /** Whether what happened may harm the cases after it, for all that can be done in this process. */
  boolean spent() {
    return spent;
  }

  private CaseResult failed(Family family, Values values, Findings findings, String check, String message, long started) {
    long nanos = System.nanoTime() - started;
    String whole = message == null ? "" : message;
    return renewed(new CaseResult(values.test(), family.column(values), Verdict.FAIL, check,
        whole.length() > MOST_TEXT ? whole.substring(0, MOST_TEXT) + "…" : whole, findings.measures(), nanos));
  }

  /** Opens the backend anew; where that fails the next case tries it again. */
  private CaseResult renewed(CaseResult result) {
    try {
      lab.renew();
      stale = false;
    } catch (RuntimeException | Error e) {
      stale = true;
      spent = true;
      log().log(System.Logger.Level.WARNING, "the backend did not open again after " + result.test(), e);
    }
    return result;
  }

  private static String thrown(Throwable e) {
    StackTraceElement[] stack = e.getStackTrace();
    return e + (stack.length == 0 ? "" : " at " + stack[0]);
  }

  private static System.Logger log() {
    return System.getLogger("dev.gatun.tck");
  }

  @Override
  public void close() {
    if (!stale) {
      lab.close();
    }
  }
}
