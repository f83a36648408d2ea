package dev.gatun.tck;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A validation under way: the backend is open, and cases are examined one by one as they are asked for. Owns the processes it starts. */
public final class Inspection implements AutoCloseable {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final String STOPPED = "the run was stopped before it";

  private final Validation asked;
  private final Examiner examiner;
  private final List<TestCase> cases;
  private final Map<TestCase, CaseResult> results = new HashMap<>();
  private final String startedAt = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
  private final long started = System.nanoTime();
  private volatile boolean stopped;

  Inspection(Validation asked) {
    this.asked = asked;
    // What is wrong with the request is said before a process is started for it.
    asked.list(Scale.EMULATED);
    examiner = asked.inProcess() ? new InThisProcess(asked) : new InWorkers(asked);
    cases = asked.list(examiner.scale());
  }

  /** What was asked for. */
  public Validation asked() {
    return asked;
  }

  /** What the backend says of itself. */
  public Report.Subject subject() {
    return examiner.subject();
  }

  /** The cases in the suite's order. */
  public List<TestCase> cases() {
    return cases;
  }

  /** The cases in the order that needs the fewest processes: group after group. */
  public List<TestCase> order() {
    Map<String, List<TestCase>> groups = new LinkedHashMap<>();
    cases.forEach(test -> groups.computeIfAbsent(Suite.group(test), _ -> new ArrayList<>()).add(test));
    return groups.values().stream().flatMap(List::stream).toList();
  }

  /**
   * Examines a case and keeps the result for {@link #report()}. A crash of the backend, a hang and exhausted memory are results too. Once this is stopped the
   * result is {@link Verdict#NOT_RUN}.
   *
   * @throws CaseException if the values make no case, which only a line typed by hand can do
   */
  public synchronized CaseResult examine(TestCase test) {
    CaseResult result = stopped ? notRun(test) : examined(test);
    results.put(test, result);
    return result;
  }

  /** A listed case that is none is the mistake of the suite or of a file of shapes: it must not cost what else was found. */
  private CaseResult examined(TestCase test) {
    try {
      return examiner.examine(test);
    } catch (CaseException e) {
      if (!asked.cases().isEmpty()) {
        throw e;
      }
      return CaseResult.unexamined(test, Suite.column(test), Verdict.FAIL, "threw",
          "the values that are listed make no case: " + e.getMessage());
    }
  }

  /** Ends the processes at once; the case being examined, and what is left, is not run. May be called by any thread. */
  public void stop() {
    stopped = true;
    examiner.stop();
  }

  /** What was found so far; the cases not reached are in it as {@link Verdict#NOT_RUN}. */
  public synchronized Report report() {
    Report.Run run = new Report.Run(SuiteVersion.number(), SuiteVersion.commit(), asked.level(), examiner.scale(), asked.seed(),
        asked.models().stream().map(ModelShape::name).toList(), asked.families(), asked.command(),
        System.getProperty("java.runtime.version") + " (" + System.getProperty("java.vendor") + ")",
        System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    Report.Times times = new Report.Times(startedAt, (System.nanoTime() - started) / NANOS_PER_SECOND);
    return new Report(subject(), run, times, cases.stream().map(test -> Optional.ofNullable(results.get(test)).orElseGet(() -> notRun(test))).toList());
  }

  private static CaseResult notRun(TestCase test) {
    return CaseResult.unexamined(test, Suite.column(test), Verdict.NOT_RUN, "", STOPPED);
  }

  @Override
  public void close() {
    examiner.close();
  }
}
