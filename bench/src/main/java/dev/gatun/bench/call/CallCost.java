package dev.gatun.bench.call;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.DoubleStream;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** Runs {@link CallBenchmark} and sets the ways of calling beside each other: {@code java -cp gatun-bench.jar dev.gatun.bench.call.CallCost -p driver=emulator}. */
public final class CallCost {
  private static final List<String> WAYS = List.of("Ffm", "Jni", "C");

  /**
   * One call by one way.
   *
   * @param median nanoseconds of a call: the middle of all iterations of all forks
   * @param least of the medians of the forks
   * @param most of the medians of the forks
   */
  record Cost(double median, double least, double most) {
    static Cost of(double[][] forks) {
      double[] middles = Arrays.stream(forks).mapToDouble(CallCost::median).toArray();
      return new Cost(CallCost.median(Arrays.stream(forks).flatMapToDouble(Arrays::stream).toArray()), DoubleStream.of(middles).min().orElseThrow(),
          DoubleStream.of(middles).max().orElseThrow());
    }
  }

  private CallCost() {}

  /** Takes JMH's options, and prints the table. */
  public static void main(String[] words) throws RunnerException, CommandLineOptionException {
    CommandLineOptions given = new CommandLineOptions(words);
    OptionsBuilder options = new OptionsBuilder();
    options.parent(given);
    if (given.getIncludes().isEmpty()) {
      options.include(CallBenchmark.class.getName() + "\\.");
    }
    print(costs(new Runner(options.build()).run()), System.out);
  }

  /** The costs by call and way, without those that did not run. */
  static Map<String, Map<String, Cost>> costs(Collection<RunResult> results) {
    Map<String, Map<String, Cost>> costs = new LinkedHashMap<>();
    for (RunResult result : results) {
      String name = result.getParams().getBenchmark();
      name = name.substring(name.lastIndexOf('.') + 1);
      for (String way : WAYS) {
        if (name.endsWith(way)) {
          double[][] forks = result.getBenchmarkResults().stream().map(CallCost::iterations).toArray(double[][]::new);
          costs.computeIfAbsent(name.substring(0, name.length() - way.length()), _ -> new LinkedHashMap<>()).put(way, Cost.of(forks));
        }
      }
    }
    return costs;
  }

  private static double[] iterations(BenchmarkResult fork) {
    return fork.getIterationResults().stream().mapToDouble(iteration -> iteration.getPrimaryResult().getScore()).toArray();
  }

  /** A line for each call: nanoseconds with the least and the most of the forks, and the ratio of the medians with the least and the most that forks could give. */
  static void print(Map<String, Map<String, Cost>> costs, PrintStream out) {
    out.printf("%n%-20s %26s %26s %26s %24s%n", "ns a call", "FFM", "JNI (JCuda)", "C", "FFM / JNI");
    costs.forEach((call, ways) -> out.printf("%-20s %26s %26s %26s %24s%n", call, text(ways.get("Ffm")), text(ways.get("Jni")), text(ways.get("C")),
        ratio(Optional.ofNullable(ways.get("Ffm")), Optional.ofNullable(ways.get("Jni")))));
    if (costs.isEmpty()) {
      out.println("not run: see the reasons above");
    }
  }

  private static String text(Cost cost) {
    return cost == null ? "not run" : String.format(Locale.ROOT, "%.1f (%.1f to %.1f)", cost.median(), cost.least(), cost.most());
  }

  private static String ratio(Optional<Cost> ffm, Optional<Cost> jni) {
    return ffm.isEmpty() || jni.isEmpty() ? "not run" : String.format(Locale.ROOT, "%.2f (%.2f to %.2f)", ffm.get().median() / jni.get().median(),
        ffm.get().least() / jni.get().most(), ffm.get().most() / jni.get().least());
  }

  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
