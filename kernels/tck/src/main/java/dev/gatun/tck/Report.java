package dev.gatun.tck;

import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a run of the suite found: what was examined, how, and every case with its verdict. Two runs of one level on one backend differ in {@link Times} and in
 * {@link CaseResult#nanos()} only.
 *
 * @param subject what was examined
 * @param run how
 * @param times when, and how long it took
 * @param results the cases in the suite's order
 */
public record Report(Subject subject, Run run, Times times, List<CaseResult> results) {
  /** The version of the JSON form; a change that an older reader would misread raises it. */
  public static final int SCHEMA = 1;

  /**
   * The backend and its device.
   *
   * @param backend the backend's name
   * @param description its own line about itself
   * @param options the settings it was opened with
   * @param device the device's name
   * @param kind the device's kind
   * @param memoryBytes the device's memory
   * @param units its compute units
   * @param hostMemory whether its operators read host memory
   * @param facts what else it tells: driver, instruction sets
   */
  public record Subject(String backend, String description, Map<String, String> options, String device, String kind, long memoryBytes, int units,
      boolean hostMemory, Map<String, String> facts) {}

  /**
   * What decides which cases there are and what is in them.
   *
   * @param suite the suite's version
   * @param commit the commit it was built from, if known
   * @param level the level
   * @param scale the scale
   * @param seed the seed of every input
   * @param shapes the models whose shapes were run
   * @param only the families that were asked for; all if empty
   * @param command what repeats it
   * @param java the Java it ran on
   * @param system the operating system and architecture
   */
  public record Run(String suite, Optional<String> commit, Level level, Scale scale, long seed, List<String> shapes, List<String> only, String command,
      String java, String system) {}

  /**
   * When.
   *
   * @param started the start as ISO 8601 in UTC
   * @param seconds how long it took
   */
  public record Times(String started, double seconds) {}

  /** Copies the list. */
  public Report {
    results = List.copyOf(results);
  }

  /** How many cases got each verdict; verdicts that none got are there with 0. */
  public Map<Verdict, Integer> counts() {
    return counts(results);
  }

  /** How many of some results have each verdict. */
  public static Map<Verdict, Integer> counts(List<CaseResult> of) {
    Map<Verdict, Integer> counts = new EnumMap<>(Verdict.class);
    for (Verdict verdict : Verdict.values()) {
      counts.put(verdict, Math.toIntExact(of.stream().filter(result -> result.verdict() == verdict).count()));
    }
    return counts;
  }

  /** Whether nothing failed, every case was reached, and at least one passed: refusing everything is no way to pass. */
  public boolean passed() {
    Map<Verdict, Integer> counts = counts();
    return counts.get(Verdict.FAIL) == 0 && counts.get(Verdict.NOT_RUN) == 0 && counts.get(Verdict.PASS) > 0;
  }

  /** The command that runs one of its cases again, on the same backend from the same seed. */
  public String rerun(TestCase test) {
    return Invocation.of(this, test);
  }

  /** The verdict table: for each family in report order the results of each column. */
  public Map<String, Map<String, List<CaseResult>>> table() {
    Map<String, Map<String, List<CaseResult>>> table = new LinkedHashMap<>();
    for (CaseResult result : results) {
      table.computeIfAbsent(result.test().family(), _ -> new TreeMap<>()).computeIfAbsent(result.column(), _ -> new java.util.ArrayList<>()).add(result);
    }
    return table;
  }

  /** Of a family's results the one whose error is the largest share of its bound, if any was measured against a bound. */
  public static Optional<CaseResult> worst(List<CaseResult> of) {
    return of.stream().filter(result -> result.measures().stream().anyMatch(measure -> measure.bound() > 0))
        .max(Comparator.comparingDouble(Report::share));
  }

  /** The largest share of a bound among a result's measures. */
  public static double share(CaseResult result) {
    return result.measures().stream().filter(measure -> measure.bound() > 0).mapToDouble(Measure::share).max().orElse(0);
  }
}
