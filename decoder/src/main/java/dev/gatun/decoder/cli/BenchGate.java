package dev.gatun.decoder.cli;

import dev.gatun.decoder.cli.rate.Regression;
import dev.gatun.decoder.cli.rate.RoundRobin;
import dev.gatun.decoder.cli.rate.Samples;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Measures the tests of an earlier run again and says which became slower. */
final class BenchGate {
  /** A test that looks slower is measured again, with so many times the repeats; it is slower if it looks so each time. */
  private static final int[] AGAIN = {2, 3};

  /** Counted of each step: the same whenever the program is the same, so that any more is a change. */
  private static final List<String> COUNTED = List.of("kernels_per_step", "step_bytes", "bytes_per_token");

  /** Noise from which on it is told that a kernel which takes a third longer may pass. */
  private static final double LOUD = 0.25;

  private final BenchBase base;
  private final Optional<Integer> repeats;
  private final List<Outcome> outcomes = new ArrayList<>();

  private record Outcome(String model, String test, Map<String, Object> row, Regression judged, int measured, List<String> grown) {
    boolean isSlower() {
      return judged.fell();
    }

    String verdict() {
      String counted = String.join(", ", grown);
      return (isSlower() ? "SLOWER" : grown.isEmpty() ? "ok" : "") + (grown.isEmpty() ? "" : (isSlower() ? ", " : "") + "MORE: " + counted);
    }
  }

  BenchGate(BenchBase base, Optional<Integer> repeats) {
    this.base = base;
    this.repeats = repeats;
  }

  /** Measures the tests of a block and gives the rows of the last measurement of each. */
  List<Map<String, Object>> judge(BenchBlock block) {
    Map<RoundRobin.Key, Map<String, Object>> before = new LinkedHashMap<>();
    int count = Regression.LEAST_REPEATS;
    for (BenchSession session : block.sessions()) {
      session.tests().forEach(test -> before.put(new RoundRobin.Key(session.timed(), test), base.row(session.setting(), test)));
      checkSame(session, before.get(new RoundRobin.Key(session.timed(), session.tests().getFirst())));
    }
    for (Map<String, Object> row : before.values()) {
      count = Math.max(count, base.run(row).rates().values().length);
    }
    count = Math.max(Regression.LEAST_REPEATS, repeats.orElse(count));
    Map<RoundRobin.Key, Outcome> judged = judge(block, before, block.keys(), count, 1);
    for (int times : AGAIN) {
      List<RoundRobin.Key> suspects = judged.entrySet().stream().filter(entry -> entry.getValue().isSlower()).map(Map.Entry::getKey).toList();
      if (!suspects.isEmpty()) {
        judged.putAll(judge(block, before, suspects, times * count, times));
      }
    }
    outcomes.addAll(judged.values());
    return judged.values().stream().map(Outcome::row).toList();
  }

  private Map<RoundRobin.Key, Outcome> judge(BenchBlock block, Map<RoundRobin.Key, Map<String, Object>> before, List<RoundRobin.Key> wanted, int count,
      int measured) {
    Map<RoundRobin.Key, Outcome> judged = new LinkedHashMap<>();
    block.measure(wanted, count).forEach((key, result) -> {
      Map<String, Object> was = before.get(key);
      Regression.Run now = new Regression.Run(result.rates(), result.measured().memoryNanos(), result.measured().arithmeticNanos());
      Map<String, Object> row = BenchRows.of(result);
      judged.put(key, new Outcome(String.valueOf(row.get("model_type")), result.test().toString(), row,
          Regression.between(base.run(was), now), measured, grown(was, row)));
    });
    return judged;
  }

  private static List<String> grown(Map<String, Object> was, Map<String, Object> now) {
    List<String> all = new ArrayList<>();
    for (String name : COUNTED) {
      if (was.get(name) instanceof Number before && now.get(name) instanceof Number after && after.doubleValue() > before.doubleValue()) {
        all.add(name + " " + before.longValue() + " to " + after.longValue());
      }
    }
    return all;
  }

  /** @throws picocli.CommandLine.ParameterException naming what is not as it was */
  private void checkSame(BenchSession session, Map<String, Object> row) {
    Map<?, ?> device = row.get("device") instanceof Map<?, ?> facts ? facts : Map.of();
    session.identity().forEach((name, now) -> {
      Object was = switch (name) {
        case "device_name" -> device.get("name");
        case "device_units" -> device.get("units");
        case "lanes" -> device.containsKey(name) ? device.get(name) : "";
        case "native" -> BenchSession.inC(device);
        case "model_file" -> String.valueOf(Path.of((String) row.get("model_filename")).getFileName());
        default -> row.get(name);
      };
      boolean same = now instanceof Number a && was instanceof Number b ? a.doubleValue() == b.doubleValue() : Objects.equals(was, now);
      if (!same) {
        throw base.refused(name + " was " + (was == null ? "not told" : was) + " and is " + now + " now, so that the figures can't be compared");
      }
    });
  }

  /** Prints the verdicts. @return whether nothing became slower */
  boolean report(PrintStream out, BenchOutput form) {
    if (form == BenchOutput.TEXT || form == BenchOutput.MD) {
      print(out);
    } else {
      form.write(out, outcomes.stream().map(BenchGate::fields).toList());
    }
    return outcomes.stream().noneMatch(outcome -> outcome.isSlower() || !outcome.grown.isEmpty());
  }

  private void print(PrintStream out) {
    out.println("| model | test | base t/s | now t/s | machine | corrected | change | noise | chance | measured | verdict |");
    out.println("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |");
    for (Outcome outcome : outcomes) {
      Regression judged = outcome.judged;
      out.println("| " + outcome.model + " | " + outcome.test + " | " + Units.decimal(judged.base(), 2) + " | "
          + Units.decimal(judged.now() / judged.drift(), 2) + " | x " + Units.decimal(1 / judged.drift(), 3) + " | " + Units.decimal(judged.now(), 2) + " | "
          + percent(judged.change()) + " | " + Units.decimal(100 * judged.noise(), 1) + " % | " + Units.decimal(judged.chance(), 4) + " | "
          + (outcome.measured == 1 ? "once" : outcome.measured + " times") + " | " + outcome.verdict() + " |");
    }
    double noise = outcomes.stream().mapToDouble(outcome -> outcome.judged.noise()).max().orElse(0);
    if (noise > LOUD) {
      out.println();
      out.println("Noise hides falls of up to " + Units.decimal(100 * noise, 0) + " %: measure the base and this on a quieter machine, or with more repeats (-r).");
    }
  }

  private static String percent(double share) {
    return (share < 0 ? "" : "+") + Units.decimal(100 * share, 1) + " %";
  }

  private static Map<String, Object> fields(Outcome outcome) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("model_type", outcome.model);
    fields.put("test", outcome.test);
    fields.put("base_ts", outcome.judged.base());
    fields.put("now_ts", outcome.judged.now() / outcome.judged.drift());
    fields.put("machine", 1 / outcome.judged.drift());
    fields.put("corrected_ts", outcome.judged.now());
    fields.put("change", outcome.judged.change());
    fields.put("noise", outcome.judged.noise());
    fields.put("chance", outcome.judged.chance());
    fields.put("measured", outcome.measured);
    fields.put("verdict", outcome.verdict());
    return fields;
  }
}
