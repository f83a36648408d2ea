package dev.gatun.bench;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.runner.format.OutputFormat;

/** What JMH says while it runs: which benchmarks it began, and what those printed that failed. */
final class Heard {
  private static final String NOT_RUN = "not run: ";
  private static final String EXCEPTION = "Exception: ";

  private final Map<Object, BenchmarkParams> begun = new LinkedHashMap<>();
  private final Map<Object, String> reasons = new HashMap<>();
  private Object last = List.of();

  /** The same output, listened to. */
  OutputFormat listening(OutputFormat format) {
    return (OutputFormat) Proxy.newProxyInstance(OutputFormat.class.getClassLoader(), new Class<?>[] {OutputFormat.class}, (_, method, arguments) -> {
      // JMH tells the end of a benchmark that failed with no result at all.
      if (arguments != null && arguments.length > 0 && arguments[0] != null) {
        hear(arguments[0]);
      }
      try {
        return method.invoke(format, arguments);
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
    });
  }

  private void hear(Object said) {
    switch (said) {
      case BenchmarkParams params -> {
        last = key(params);
        begun.putIfAbsent(last, params);
      }
      case String text -> text.lines().filter(line -> line.contains(NOT_RUN) || line.contains(EXCEPTION)).findFirst()
          .ifPresent(line -> reasons.putIfAbsent(last, line.strip()));
      default -> { }
    }
  }

  static Object key(BenchmarkParams params) {
    return List.of(params.getBenchmark(), Journal.parameters(params));
  }

  /** What began and is neither among the results nor in the journal, with the reason it gave. */
  List<Journal.Entry> missing(Set<Object> results, List<Journal.Entry> journal) {
    Set<Object> known = new HashSet<>(results);
    List<Journal.Entry> missing = new ArrayList<>();
    for (Journal.Entry entry : journal) {
      if (known.add(List.of(entry.benchmark(), entry.parameters()))) {
        missing.add(entry);
      }
    }
    begun.forEach((key, params) -> {
      if (!known.contains(key)) {
        String reason = reasons.getOrDefault(key, "there is no result; JMH's output says more");
        int at = reason.indexOf(NOT_RUN);
        missing.add(new Journal.Entry(at < 0 ? Journal.Outcome.FAILED : Journal.Outcome.NOT_RUN, params.getBenchmark(), Journal.parameters(params),
            at < 0 ? reason : reason.substring(at + NOT_RUN.length())));
      }
    });
    return missing;
  }
}
