package dev.gatun.decoder.cli.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Results of JMH in the form of its option {@code -rf json}. */
final class JmhRows {
  /** From so many forks on each counts as one sample, since what a fork compiles and where it lies in memory is the same for all its iterations. */
  private static final int FORKS = 5;

  private JmhRows() {}

  static void read(List<Fields> rows, Results results) {
    Map<String, String> run = new LinkedHashMap<>();
    for (Fields row : rows) {
      results.add(score(row));
      for (String fact : List.of("jdkVersion", "vmName", "vmVersion", "jmhVersion", "forks", "warmupIterations", "measurementIterations")) {
        if (!row.text(fact).isEmpty()) {
          run.merge(fact, row.text(fact), (a, b) -> List.of(a.split(" or ")).contains(b) ? a : a + " or " + b);
        }
      }
    }
    results.add(new Results.Facts("JMH", run));
  }

  private static Score score(Fields row) {
    Fields metric = row.object("primaryMetric");
    Fields params = row.object("params");
    Fields extra = row.object("secondaryMetrics");
    String family = family(row.text("benchmark"), params);
    String name = name(row.text("benchmark"), params);
    return new Score("gatun", params.text("backend"), family, name.substring(family.length()).strip(), metric.text("scoreUnit"),
        "thrpt".equals(row.text("mode")), series(metric), value(extra, "gbPerSecond"), value(extra, "tflopPerSecond"), value(extra, "rooflineShare"));
  }

  /** The operator where one is named, or else what the class is about. */
  private static String family(String benchmark, Fields params) {
    String[] parts = benchmark.split("\\.");
    String group = parts.length > 1 ? parts[parts.length - 2].replaceFirst("Benchmarks?$", "") : benchmark;
    return params.text("operator").isEmpty() ? ResultFiles.word(group.replaceAll("(?<=[a-z])(?=[A-Z])", "_")) : params.text("operator");
  }

  /** A benchmark with its parameters; that it is run goes without saying. */
  static String name(String benchmark, Fields params) {
    String method = benchmark.substring(benchmark.lastIndexOf('.') + 1);
    List<String> words = new ArrayList<>(List.of(family(benchmark, params)));
    if (!method.equals("run") && benchmark.contains(".")) {
      words.add(method);
    }
    for (String key : params.values().keySet()) {
      if (!List.of("backend", "operator").contains(key) && !params.text(key).isBlank()) {
        words.add(params.text(key).matches("[0-9.]+|true|false") ? key + "=" + params.text(key) : params.text(key));
      }
    }
    return String.join(" ", words);
  }

  private static double value(Fields metrics, String name) {
    return metrics.values().entrySet().stream().filter(entry -> entry.getKey().endsWith(name)).mapToDouble(entry -> {
      double[] each = samples(Fields.of(entry.getValue()));
      return each.length > 0 ? Series.of(each).median() : Fields.of(entry.getValue()).number("score");
    }).findFirst().orElse(Double.NaN);
  }

  private static Series series(Fields metric) {
    double[] samples = samples(metric);
    if (samples.length > 0) {
      return Series.of(samples);
    }
    Fields percentiles = metric.object("scorePercentiles");
    double median = percentiles.number("50.0");
    return Series.told(Double.isFinite(median) ? median : metric.number("score"), percentiles.number("0.0"), percentiles.number("100.0"));
  }

  private static double[] samples(Fields metric) {
    List<double[]> forks = metric.list("rawData").stream().filter(List.class::isInstance).map(fork -> new Fields(Map.of("fork", fork)).numbers("fork"))
        .filter(fork -> fork.length > 0).toList();
    return forks.size() >= FORKS ? forks.stream().mapToDouble(fork -> Series.of(fork).median()).toArray()
        : forks.stream().flatMapToDouble(Arrays::stream).toArray();
  }
}
