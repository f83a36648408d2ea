package dev.gatun.tck.html;

import dev.gatun.tck.CaseResult;
import dev.gatun.tck.Report;
import dev.gatun.tck.Verdict;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Why cases have no answer, each reason once: those that differ in numbers alone, as sizes do, are one. */
final class Reasons {
  private static final Pattern NUMBER = Pattern.compile("(?<![\\w.])-?\\d[\\d,]*(\\.\\d+)?(?!\\w)");

  /** One reason under its number: the words that the first case was given, and every case that was given them. */
  record Reason(int number, String words, List<CaseResult> results) {
    /** Whether other cases were told other numbers. */
    boolean varies() {
      return results.stream().anyMatch(result -> !result.message().equals(words));
    }

    Map<String, Long> families() {
      return results.stream().collect(Collectors.groupingBy(result -> result.test().family(), LinkedHashMap::new, Collectors.counting()));
    }
  }

  private final Map<String, Reason> reasons = new LinkedHashMap<>();

  private Reasons() {}

  /** Of the results with a verdict, numbered in the order of the verdict table. */
  static Reasons of(Report report, Verdict verdict) {
    Reasons reasons = new Reasons();
    report.table().values().forEach(columns -> VerdictTable.inOrder(columns).values()
        .forEach(cell -> cell.stream().filter(result -> result.verdict() == verdict)
        .forEach(reasons::add)));
    return reasons;
  }

  private void add(CaseResult result) {
    reasons.computeIfAbsent(key(result), _ -> new Reason(reasons.size() + 1, result.message(), new ArrayList<>())).results.add(result);
  }

  private static String key(CaseResult result) {
    return NUMBER.matcher(result.message()).replaceAll("#");
  }

  Collection<Reason> all() {
    return reasons.values();
  }

  /** The numbers of the reasons that some results were given. */
  List<Integer> numbers(List<CaseResult> of, Verdict verdict) {
    return of.stream().filter(result -> result.verdict() == verdict).map(result -> reasons.get(key(result)).number()).distinct().sorted()
        .toList();
  }
}
