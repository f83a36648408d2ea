package dev.gatun.tck;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Command lines that repeat a run or one of its cases. */
final class Invocation {
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_.,/:=@%+-]+");

  private Invocation() {}

  static String of(Validation asked) {
    List<String> words = start(asked.backend(), asked.options().values());
    if (asked.cases().isEmpty()) {
      words.addAll(List.of("--level", asked.level().name().toLowerCase(Locale.ROOT)));
    }
    if (!asked.families().isEmpty()) {
      words.addAll(List.of("--op", String.join(",", asked.families())));
    }
    asked.cases().forEach(line -> words.addAll(List.of("--case", line)));
    if (asked.scale().equals(java.util.Optional.of(Scale.EMULATED))) {
      words.add("--emulated");
    }
    asked.shapes().ifPresent(file -> words.addAll(List.of("--shapes", file.toString())));
    seed(words, asked.seed());
    if (!asked.timeout().equals(Validation.TIMEOUT)) {
      words.addAll(List.of("--timeout", String.valueOf(asked.timeout().toSeconds())));
    }
    if (asked.inProcess()) {
      words.add("--in-process");
    }
    return line(words);
  }

  static String of(Report report, TestCase test) {
    Report.Subject subject = report.subject();
    List<String> words = start(subject.backend(), subject.options());
    if (report.run().scale() == Scale.EMULATED && Validation.scaleFor(subject.backend(), subject.kind(), subject.device()) == Scale.DEVICE) {
      words.add("--emulated");
    }
    seed(words, report.run().seed());
    words.addAll(List.of("--case", test.line()));
    return line(words);
  }

  private static List<String> start(String backend, Map<String, String> options) {
    List<String> words = new ArrayList<>(List.of("gatun", "validate", "--backend", backend));
    options.forEach((name, value) -> words.addAll(List.of("-o", name + "=" + value)));
    return words;
  }

  private static void seed(List<String> words, long seed) {
    if (seed != Suite.SEED) {
      words.addAll(List.of("--seed", String.valueOf(seed)));
    }
  }

  private static String line(List<String> words) {
    return words.stream().map(word -> PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'").collect(Collectors.joining(" "));
  }
}
