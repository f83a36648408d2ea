package dev.gatun.tck;

import dev.gatun.BackendOptions;
import dev.gatun.DType;
import dev.gatun.tck.lab.Lab;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What a backend says it serves: its plans for the {@link Level#QUICK} cases of every operator, none of which is run.
 *
 * @param answers for each operator and each dtype its cases are counted under, how many are served and how many there are
 */
public record Support(Map<String, Map<String, Answer>> answers) {
  /**
   * Of the cases of one operator and dtype.
   *
   * @param served those with a plan
   * @param cases all
   */
  public record Answer(int served, int cases) {
    private Answer and(boolean serves) {
      return new Answer(served + (serves ? 1 : 0), cases + 1);
    }

    /** As tables show it: {@code yes}, {@code part} or {@code no}. */
    public String label() {
      return served == cases ? "yes" : served > 0 ? "part" : "no";
    }
  }

  /**
   * Asks a backend.
   *
   * @throws dev.gatun.BackendUnavailableException with the reasons, where it does not run here
   */
  public static Support of(String backend, BackendOptions options) {
    Map<String, Map<String, Answer>> answers = new LinkedHashMap<>();
    List<TestCase> cases = Suite.cases(Level.QUICK, Scale.EMULATED, ModelShape.builtIn(), Set.of());
    Lab lab = new Lab(backend, options, Scale.EMULATED);
    lab.planOnly();
    try (CaseRunner runner = new CaseRunner(lab, Suite.SEED)) {
      for (TestCase test : cases) {
        if (Suite.family(test.family()).isOperator()) {
          CaseResult result = runner.run(test);
          Map<String, Answer> row = answers.computeIfAbsent(test.family(), _ -> new TreeMap<>());
          row.put(result.column(), row.getOrDefault(result.column(), new Answer(0, 0)).and(result.verdict() == Verdict.PASS));
        }
      }
    }
    return new Support(answers);
  }

  /** A Markdown table: a row for each operator, a column for each dtype; empty where the operator has no such cases. */
  public List<String> table() {
    List<String> columns = Arrays.stream(DType.values()).map(DType::label)
        .filter(label -> answers.values().stream().anyMatch(row -> row.containsKey(label))).toList();
    List<String> lines = new ArrayList<>();
    lines.add("| operator | " + columns.stream().map(label -> label.toUpperCase(java.util.Locale.ROOT)).collect(Collectors.joining(" | ")) + " |");
    lines.add("|---|" + "---|".repeat(columns.size()));
    answers.forEach((operator, row) -> lines.add("| " + operator + " | "
        + columns.stream().map(column -> row.containsKey(column) ? row.get(column).label() : "").collect(Collectors.joining(" | ")) + " |"));
    return lines;
  }
}
