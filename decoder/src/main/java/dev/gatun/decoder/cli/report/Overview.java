package dev.gatun.decoder.cli.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What both forms of the report say in words. */
record Overview(Results results, Optional<Comparison> comparison) {
  static final int MOST_NAMES = 3;

  String headline() {
    if (comparison.isPresent()) {
      Comparison both = comparison.get();
      return Shown.count((int) both.count(Comparison.Verdict.SLOWER), "slower", "slower") + ", " + both.count(Comparison.Verdict.FASTER) + " faster, of "
          + both.rows().size() + " compared";
    }
    List<String> parts = new ArrayList<>();
    if (!results.scores().isEmpty()) {
      parts.add(Shown.count(results.scores().size(), "benchmark", "benchmarks"));
    }
    if (!results.rates().isEmpty()) {
      parts.add(Shown.count(results.rates().size(), "rate of tokens", "rates of tokens"));
    }
    return parts.isEmpty() ? "Nothing was measured" : String.join(", ", parts);
  }

  String lead() {
    List<String> devices = results.ceilings().stream().map(ceiling -> (ceiling.backend() + " on " + ceiling.device()).replaceFirst("^ on | on $", ""))
        .filter(text -> !text.isBlank()).distinct().toList();
    long wrong = results.missing().stream().filter(Results.Missing::isWrong).count();
    return (devices.isEmpty() ? "" : "Measured: " + String.join("; ", devices) + ". ")
        + (wrong == 0 ? "" : Shown.count((int) wrong, "answer was", "answers were") + " wrong. ")
        + (results.missing().size() == wrong ? "" : Shown.count(results.missing().size() - (int) wrong, "benchmark was", "benchmarks were") + " not run or not measured.");
  }

  /** Figures of small sizes or of an emulator must not pass for real ones. */
  Optional<String> warning() {
    boolean emulated = results.ceilings().stream().anyMatch(ceiling -> ceiling.backend().contains("emulated"))
        || results.scores().stream().anyMatch(score -> score.backend().contains("emulated"))
        || results.rates().stream().anyMatch(rate -> rate.backend().contains("emulated"));
    boolean small = results.facts().stream().anyMatch(told -> "small".equals(told.values().get("scale")));
    return emulated || small ? Optional.of((emulated ? "Some of this ran on an emulator" : "The sizes were small ones, to try the tools") + ": its figures mean nothing.")
        : Optional.empty();
  }

  static String method(Comparison both) {
    long hidden = both.count(Comparison.Verdict.UNKNOWN);
    return "Medians, with the least and the most below. A difference counts where the rank-sum test of Mann and Whitney gives p below " + Comparison.LEVEL
        + "; of " + both.rows().size() + " comparisons without any difference " + Shown.number(Comparison.LEVEL * both.rows().size())
        + " would be expected to pass for one. Repeats in one process are more alike than those of several."
        + (hidden == 0 ? "" : " " + Shown.count((int) hidden, "row has", "rows have") + " too few samples to show any difference; 5 on each side are enough to show one.");
  }

  static Map<String, List<String>> byReason(List<Results.Missing> rows) {
    Map<String, List<String>> groups = new LinkedHashMap<>();
    rows.forEach(row -> groups.computeIfAbsent(row.reason().isBlank() ? "no reason is told" : row.reason(), _ -> new ArrayList<>()).add(row.name()));
    return groups;
  }
}
