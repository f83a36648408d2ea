package dev.gatun.decoder.cli.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What files of results hold, whichever tools wrote them. */
final class Results {
  /**
   * What has no figure.
   *
   * @param name of the benchmark, kernel or part
   * @param reason why, and what to do
   * @param isWrong whether it ran and gave a wrong answer
   */
  record Missing(String name, String reason, boolean isWrong) {}

  /**
   * What is told of a device and its run.
   *
   * @param title whose they are
   * @param values by name
   */
  record Facts(String title, Map<String, String> values) {}

  private final Map<String, Score> scores = new LinkedHashMap<>();
  private final Map<String, Rate> rates = new LinkedHashMap<>();
  private final Map<String, Ceiling> ceilings = new LinkedHashMap<>();
  private final Set<Missing> missing = new LinkedHashSet<>();
  private final Map<String, Facts> facts = new LinkedHashMap<>();
  private final List<String> files = new ArrayList<>();

  /** A second score of the same benchmark takes the place of the first, as runs are repeated to mend them. */
  void add(Score score) {
    scores.put(score.key(), score);
  }

  /** Repeated rates are joined: interleaved runs each leave a file. */
  void add(Rate rate) {
    rates.merge(rate.key() + "\n" + rate.settings().getOrDefault("build", ""), rate, Rate::and);
  }

  void add(Ceiling ceiling) {
    ceilings.merge(ceiling.backend(), ceiling, (a, b) -> new Ceiling(b.backend(), b.device().isEmpty() ? a.device() : b.device(),
        best(a.gbPerSecond(), b.gbPerSecond()), best(a.tflopPerSecond(), b.tflopPerSecond())));
  }

  private static double best(double a, double b) {
    return Double.isNaN(a) ? b : Double.isNaN(b) ? a : Math.max(a, b);
  }

  void add(Missing none) {
    missing.add(none);
  }

  void add(Facts told) {
    if (!told.values.isEmpty()) {
      facts.putIfAbsent(told.title + told.values, told);
    }
  }

  void read(String file) {
    files.add(file);
  }

  List<Score> scores() {
    return List.copyOf(scores.values());
  }

  List<Rate> rates() {
    return List.copyOf(rates.values());
  }

  List<Missing> missing() {
    return List.copyOf(missing);
  }

  List<Facts> facts() {
    return List.copyOf(facts.values());
  }

  List<Ceiling> ceilings() {
    return List.copyOf(ceilings.values());
  }

  List<String> files() {
    return List.copyOf(files);
  }

  /** What a score is held against: the ceiling of its backend, or the only one there is. */
  Optional<Ceiling> ceiling(Score score) {
    Ceiling own = ceilings.get(score.backend());
    if (own == null && ceilings.size() == 1 && (score.backend().isEmpty() || ceilings.containsKey(""))) {
      own = ceilings.values().iterator().next();
    }
    return Optional.ofNullable(own);
  }

  /** The share of its ceiling that a score reaches: as told, or else as computed. */
  double share(Score score) {
    if (Double.isFinite(score.share())) {
      return score.share();
    }
    return ceiling(score).map(ceiling -> {
      double moved = score.gbPerSecond() / ceiling.gbPerSecond();
      double done = score.tflopPerSecond() / ceiling.tflopPerSecond();
      return Double.isNaN(done) || score.tflopPerSecond() == 0 ? moved : Double.isNaN(moved) ? done : Math.max(moved, done);
    }).orElse(Double.NaN);
  }
}
