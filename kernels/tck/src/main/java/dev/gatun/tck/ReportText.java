package dev.gatun.tck;

import dev.gatun.DType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Reports as plain text for a terminal: the verdict table, what failed with the command that repeats it, what is unsupported and why, and one closing line. */
public final class ReportText {
  private static final int FEW = 20;
  private static final int GAP = 2;
  private static final String WORST = "worst";

  private final Report report;
  private final Appendable out;
  private final int most;

  private ReportText(Report report, Appendable out, int most) {
    this.report = report;
    this.out = out;
    this.most = most;
  }

  /**
   * Writes it.
   *
   * @param all whether lists that are long are written to their ends
   * @throws IOException if {@code out} throws it
   */
  public static void write(Report report, Appendable out, boolean all) throws IOException {
    new ReportText(report, out, all ? Integer.MAX_VALUE : FEW).write();
  }

  private void write() throws IOException {
    Report.Subject subject = report.subject();
    Report.Run run = report.run();
    out.append(subject.backend()).append(": ").append(subject.description()).append('\n');
    out.append("device ").append(subject.device()).append(" (").append(subject.kind()).append("), suite ").append(run.suite()).append(", level ")
        .append(lower(run.level())).append(run.scale() == Scale.EMULATED ? ", emulated" : "").append(", seed ").append(String.valueOf(run.seed()))
        .append("\n\n");
    table();
    failures();
    reasons(Verdict.UNSUPPORTED, "unsupported");
    reasons(Verdict.NOT_RUN, "not run");
    out.append("\n").append(closing(report)).append('\n');
  }

  private static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private void table() throws IOException {
    Map<String, Map<String, List<CaseResult>>> table = report.table();
    Set<String> found = new TreeSet<>();
    table.values().forEach(row -> found.addAll(row.keySet()));
    // As the types are listed, and what is none of them behind.
    Set<String> columns = Stream.of(DType.values()).map(DType::label).filter(found::contains).collect(Collectors.toCollection(LinkedHashSet::new));
    columns.addAll(found);
    List<List<String>> lines = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("operator"));
    head.addAll(columns);
    head.add(WORST);
    lines.add(head);
    table.forEach((family, row) -> {
      List<String> line = new ArrayList<>(List.of(family));
      columns.forEach(column -> line.add(cell(row.getOrDefault(column, List.of()))));
      line.add(Report.worst(row.values().stream().flatMap(List::stream).toList()).map(worst -> share(Report.share(worst))).orElse(""));
      lines.add(line);
    });
    int[] widths = new int[head.size()];
    lines.forEach(line -> {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    });
    for (List<String> line : lines) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        text.append(line.get(i)).append(" ".repeat(widths[i] - line.get(i).length() + GAP));
      }
      out.append(text.toString().stripTrailing()).append('\n');
    }
    out.append("\nn passed, n! failed, n- unsupported, n? not run; worst: the largest error as a share of its bound\n");
  }

  private static String cell(List<CaseResult> results) {
    Map<Verdict, Integer> counts = Report.counts(results);
    StringJoiner cell = new StringJoiner(" ");
    counts.forEach((verdict, count) -> {
      if (count > 0) {
        cell.add(count + switch (verdict) {
          case PASS -> "";
          case FAIL -> "!";
          case UNSUPPORTED -> "-";
          case NOT_RUN -> "?";
        });
      }
    });
    return cell.toString();
  }

  private static String share(double share) {
    return Double.isFinite(share) ? String.format(Locale.ROOT, "%.2g", share) : String.valueOf(share);
  }

  private void failures() throws IOException {
    List<CaseResult> failed = report.results().stream().filter(result -> result.verdict() == Verdict.FAIL).toList();
    if (failed.isEmpty()) {
      return;
    }
    out.append("\nfailed (").append(String.valueOf(failed.size())).append("):\n");
    for (CaseResult result : failed.subList(0, Math.min(most, failed.size()))) {
      out.append("  ").append(result.test().line()).append("\n    ").append(result.check()).append(": ").append(oneLine(result.message()))
          .append("\n    ").append(report.rerun(result.test())).append('\n');
    }
    more(failed.size());
  }

  private record Refused(List<TestCase> tests, Set<String> families) {}

  private void reasons(Verdict verdict, String title) throws IOException {
    Map<String, Refused> reasons = new LinkedHashMap<>();
    int count = 0;
    for (CaseResult result : report.results()) {
      if (result.verdict() == verdict) {
        Refused refused = reasons.computeIfAbsent(oneLine(result.message()), _ -> new Refused(new ArrayList<>(), new LinkedHashSet<>()));
        refused.tests.add(result.test());
        refused.families.add(result.test().family());
        count++;
      }
    }
    if (count == 0) {
      return;
    }
    out.append('\n').append(title).append(" (").append(String.valueOf(count)).append("):\n");
    int written = 0;
    for (Map.Entry<String, Refused> reason : reasons.entrySet()) {
      if (written++ == most) {
        break;
      }
      Refused refused = reason.getValue();
      out.append("  ").append(String.valueOf(refused.tests.size())).append(" of ").append(String.join(", ", refused.families)).append(": ")
          .append(reason.getKey()).append('\n').append("    ").append(refused.tests.size() == 1 ? "" : "first ")
          .append(refused.tests.getFirst().line()).append('\n');
    }
    more(reasons.size());
  }

  private void more(int there) throws IOException {
    if (there > most) {
      out.append("  and ").append(String.valueOf(there - most)).append(" more\n");
    }
  }

  private static String oneLine(String message) {
    return message.strip().replaceAll("\\s*\\R\\s*", "; ");
  }

  /** The verdict in one line. */
  public static String closing(Report report) {
    Map<Verdict, Integer> counts = report.counts();
    return String.format(Locale.ROOT, "%s: %d passed, %d failed, %d unsupported, %d not run; %.1f s", word(report, counts),
        counts.get(Verdict.PASS), counts.get(Verdict.FAIL), counts.get(Verdict.UNSUPPORTED), counts.get(Verdict.NOT_RUN), report.times().seconds());
  }

  private static String word(Report report, Map<Verdict, Integer> counts) {
    if (report.passed()) {
      return "PASSED";
    }
    return counts.get(Verdict.FAIL) > 0 ? "FAILED" : counts.get(Verdict.NOT_RUN) > 0 ? "INCOMPLETE" : "NOTHING SERVED";
  }
}
