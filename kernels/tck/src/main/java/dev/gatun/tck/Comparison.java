package dev.gatun.tck;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What differs between two reports. Times never do; what the device, its driver and its Java are called is told and does not count.
 *
 * @param notes where the machines differ
 * @param settings where the runs differ in what decides which cases there are and what is in them
 * @param verdicts cases with another verdict, or that failed another check
 * @param onlyFirst cases that only the first holds
 * @param onlySecond cases that only the second holds
 * @param errors cases whose errors differ by more than rounding explains
 */
public record Comparison(List<String> notes, List<String> settings, List<Difference> verdicts, List<TestCase> onlyFirst, List<TestCase> onlySecond,
    List<Difference> errors) {
  /** Errors as shares of their bound differ notably from this ratio on… */
  public static final double RATIO = 10;

  /** …where the larger is at least this share of its bound; below, both are rounding. */
  public static final double SHARE = 0.1;

  private static final int MOST_LINES = 50;

  /**
   * One case, as each report has it.
   *
   * @param test the case
   * @param first what the first says
   * @param second what the second says
   */
  public record Difference(TestCase test, String first, String second) {}

  /** Copies the lists. */
  public Comparison {
    notes = List.copyOf(notes);
    settings = List.copyOf(settings);
    verdicts = List.copyOf(verdicts);
    onlyFirst = List.copyOf(onlyFirst);
    onlySecond = List.copyOf(onlySecond);
    errors = List.copyOf(errors);
  }

  /** Compares two reports. */
  public static Comparison of(Report first, Report second) {
    Map<TestCase, CaseResult> left = byCase(first);
    Map<TestCase, CaseResult> right = byCase(second);
    List<Difference> verdicts = new ArrayList<>();
    List<Difference> errors = new ArrayList<>();
    left.forEach((test, one) -> {
      CaseResult other = right.get(test);
      if (other == null) {
        return;
      }
      if (!verdict(one).equals(verdict(other))) {
        verdicts.add(new Difference(test, verdict(one), verdict(other)));
      } else {
        errors(one, other).ifPresent(errors::add);
      }
    });
    return new Comparison(notes(first, second), settings(first.run(), second.run()), verdicts,
        left.keySet().stream().filter(test -> !right.containsKey(test)).toList(), right.keySet().stream().filter(test -> !left.containsKey(test)).toList(),
        errors);
  }

  /** Whether both found the same: the notes do not count. */
  public boolean same() {
    return settings.isEmpty() && verdicts.isEmpty() && onlyFirst.isEmpty() && onlySecond.isEmpty() && errors.isEmpty();
  }

  private static Map<TestCase, CaseResult> byCase(Report report) {
    Map<TestCase, CaseResult> cases = new LinkedHashMap<>();
    report.results().forEach(result -> cases.put(result.test(), result));
    return cases;
  }

  private static String verdict(CaseResult result) {
    return result.verdict().label() + (result.check().isEmpty() ? "" : " (" + result.check() + ")");
  }

  private static Optional<Difference> errors(CaseResult first, CaseResult second) {
    Map<String, Double> other = new LinkedHashMap<>();
    second.measures().forEach(measure -> other.put(measure.output(), measure.share()));
    for (Measure measure : first.measures()) {
      Double share = other.get(measure.output());
      if (share != null && notable(measure.share(), share)) {
        return Optional.of(new Difference(first.test(), share(measure.output(), measure.share()), share(measure.output(), share)));
      }
    }
    return Optional.empty();
  }

  private static boolean notable(double a, double b) {
    if (Double.compare(a, b) == 0) {
      return false;
    }
    double larger = Math.max(a, b);
    // Written so that a NaN, which Math.max passes on, is notable.
    return !(larger < SHARE) && !(larger < RATIO * Math.min(a, b));
  }

  private static String share(String output, double share) {
    return String.format(Locale.ROOT, "%s at %.3g of its bound", output, share);
  }

  private static List<String> settings(Report.Run first, Report.Run second) {
    List<String> differ = new ArrayList<>();
    Map<String, Function<Report.Run, Object>> parts = new LinkedHashMap<>();
    parts.put("suite", Report.Run::suite);
    parts.put("level", run -> run.level().name().toLowerCase(Locale.ROOT));
    parts.put("scale", run -> run.scale().name().toLowerCase(Locale.ROOT));
    parts.put("seed", Report.Run::seed);
    parts.put("shapes", run -> String.join(",", run.shapes()));
    parts.put("families", run -> run.only().isEmpty() ? "all" : String.join(",", run.only()));
    parts.forEach((name, part) -> differ(differ, name, part.apply(first), part.apply(second)));
    return differ;
  }

  private static List<String> notes(Report first, Report second) {
    List<String> notes = new ArrayList<>();
    Report.Subject one = first.subject();
    Report.Subject other = second.subject();
    differ(notes, "backend", one.backend(), other.backend());
    differ(notes, "options", one.options(), other.options());
    differ(notes, "device", one.device(), other.device());
    differ(notes, "facts", one.facts(), other.facts());
    differ(notes, "commit", first.run().commit().orElse("unknown"), second.run().commit().orElse("unknown"));
    differ(notes, "java", first.run().java(), second.run().java());
    differ(notes, "system", first.run().system(), second.run().system());
    return notes;
  }

  private static void differ(List<String> into, String name, Object first, Object second) {
    if (!first.equals(second)) {
      into.add(name + ": " + first + " | " + second);
    }
  }

  /** In lines of text: what differs, first | second, and a last line that sums it up. */
  public String text() {
    StringBuilder text = new StringBuilder();
    section(text, "the machines differ, which does not count", notes);
    section(text, "the runs differ", settings);
    section(text, "other verdicts", verdicts.stream().map(Comparison::line).toList());
    section(text, "only in the first", onlyFirst.stream().map(TestCase::line).toList());
    section(text, "only in the second", onlySecond.stream().map(TestCase::line).toList());
    section(text, "errors that differ by " + (int) RATIO + " times and more", errors.stream().map(Comparison::line).toList());
    return text.append(same() ? "SAME: every case has the same verdict in both"
        : "DIFFERENT: " + settings.size() + " settings, " + verdicts.size() + " verdicts, " + (onlyFirst.size() + onlySecond.size())
            + " cases in one only, " + errors.size() + " errors").append('\n').toString();
  }

  private static String line(Difference difference) {
    return difference.test().line() + ": " + difference.first() + " | " + difference.second();
  }

  private static void section(StringBuilder text, String title, List<String> lines) {
    if (!lines.isEmpty()) {
      text.append(title).append(":\n");
      lines.stream().limit(MOST_LINES).forEach(line -> text.append("  ").append(line).append('\n'));
      if (lines.size() > MOST_LINES) {
        text.append("  and ").append(lines.size() - MOST_LINES).append(" more\n");
      }
    }
  }
}
