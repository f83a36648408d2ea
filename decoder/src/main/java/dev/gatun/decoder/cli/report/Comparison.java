package dev.gatun.decoder.cli.report;

import dev.gatun.decoder.cli.rate.RankTest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Two runs of the same benchmarks. */
record Comparison(List<Row> rows, List<String> onlyBefore, List<String> onlyNow) {
  /** A difference that chance gives less often than this counts as one. */
  static final double LEVEL = 0.01;

  /** What became of a benchmark. */
  enum Verdict {
    /** It lost. */
    SLOWER("slower", "▼"),
    /** It won. */
    FASTER("faster", "▲"),
    /** Chance alone would explain the difference. */
    SAME("no difference shown", "="),
    /** No difference could be shown with so few samples. */
    UNKNOWN("too few samples", "?");

    private final String word;
    private final String sign;

    Verdict(String word, String sign) {
      this.word = word;
      this.sign = sign;
    }

    String word() {
      return word;
    }

    String sign() {
      return sign;
    }
  }

  /** A benchmark in both runs. */
  record Row(String name, String unit, boolean more, Series before, Series now) {
    double change() {
      return now.median() / before.median() - 1;
    }

    /** Of the rank test; not a number without samples. */
    double p() {
      return before.samples().length == 0 || now.samples().length == 0 ? Double.NaN : RankTest.p(before.samples(), now.samples());
    }

    Verdict verdict() {
      if (RankTest.least(before.samples().length, now.samples().length) >= LEVEL) {
        return Verdict.UNKNOWN;
      }
      if (p() >= LEVEL || change() == 0) {
        return Verdict.SAME;
      }
      return change() > 0 == more ? Verdict.FASTER : Verdict.SLOWER;
    }
  }

  private record Both(String name, String unit, boolean more, Series series) {}

  /** What is in both, what lost first. */
  static Comparison of(Results base, Results results) {
    Map<String, Both> before = all(base);
    Map<String, Both> now = all(results);
    List<Row> rows = new ArrayList<>();
    List<String> gone = new ArrayList<>();
    List<String> fresh = new ArrayList<>();
    now.forEach((key, value) -> {
      Both old = before.get(key);
      if (old == null) {
        fresh.add(value.name);
      } else {
        rows.add(new Row(value.name, value.unit, value.more, old.series, value.series));
      }
    });
    before.forEach((key, value) -> {
      if (!now.containsKey(key)) {
        gone.add(value.name);
      }
    });
    rows.sort(Comparator.comparing(Row::verdict).thenComparing(row -> -Math.abs(row.change())));
    return new Comparison(List.copyOf(rows), List.copyOf(gone), List.copyOf(fresh));
  }

  private static Map<String, Both> all(Results results) {
    Map<String, Both> all = new LinkedHashMap<>();
    for (Score score : results.scores()) {
      all.put(score.key(), new Both(score.title() + (score.backend().isEmpty() ? "" : ", " + score.backend()), score.unit(), score.more(), score.score()));
    }
    for (Rate rate : results.rates()) {
      all.merge(rate.key(), new Both(rate.title() + ", " + who(rate), "tokens/s", true, rate.perSecond()),
          (a, b) -> new Both(a.name, a.unit, a.more, a.series.and(b.series)));
    }
    return all;
  }

  private static String who(Rate rate) {
    return rate.source().equals(rate.backend()) || rate.backend().isEmpty() ? rate.source() : rate.source() + " " + rate.backend();
  }

  long count(Verdict verdict) {
    return rows.stream().filter(row -> row.verdict() == verdict).count();
  }
}
