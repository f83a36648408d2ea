package dev.gatun.decoder.cli;

import dev.gatun.decoder.cli.rate.RateTest;
import dev.gatun.decoder.cli.rate.SpeculatedRate;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** The decode tests of one sequence once more with a draft, each repeat beside one without. */
final class SpeculatedBench {
  private final Terminal terminal;
  private final SpeculationChoice choice;
  private final int repeats;

  SpeculatedBench(Terminal terminal, SpeculationChoice choice, int repeats) {
    this.terminal = terminal;
    this.choice = choice;
    this.repeats = repeats;
  }

  static boolean takes(RateTest test) {
    return test.isDecode() && test.sequences() == 1;
  }

  /** Refuses tests among which there is none to speculate on. */
  static void check(CommandLine command, List<RateTest> tests) {
    if (tests.stream().noneMatch(SpeculatedBench::takes)) {
      throw new ParameterException(command, "--speculate is measured where one sequence decodes: give -n 1 or more, and --sequences 1");
    }
  }

  /** By the results of the same tests without a draft. */
  Map<BenchResult, SpeculatedRate> measure(List<BenchResult> results) {
    Map<BenchResult, SpeculatedRate> rates = new LinkedHashMap<>();
    for (BenchSession session : results.stream().map(BenchResult::session).distinct().toList()) {
      try (SpeculationChoice.Drafting drafting = choice.open(terminal, session.model(), session.decoder().backend(), session.decoder().options())) {
        results.stream().filter(result -> result.session() == session && takes(result.test())).forEach(result -> {
          RateTest test = result.test();
          int[] ids = Arrays.copyOf(SeededPrompt.of(session.model(), Math.max(SeededPrompt.CHECKED, test.depth())), Math.max(1, test.depth()));
          rates.put(result, Progress.during(terminal, "measuring with " + choice.label(),
              () -> SpeculatedRate.measure(session.decoder(), ids, test.generated(), repeats, drafting.speculation().orElseThrow())));
        });
      }
    }
    return rates;
  }

  void print(PrintStream out, Map<BenchResult, SpeculatedRate> rates) {
    rates.forEach((result, rate) -> Figures.line(out, "speculated", result.session().model().gguf().file().getFileName() + " " + result.test() + " by "
        + choice.label() + ": " + Figures.shown(rate.speculated(), 2) + " tokens/s against " + Figures.shown(rate.plain(), 2) + ", x "
        + Units.decimal(rate.speedUp(), 2) + "; " + acceptance(rate) + ", " + Units.decimal(rate.tokensPerStep(), 2) + " tokens a step"
        + (rate.same() > rate.tokens() ? "" : "; the tokens differ from " + rate.same() + " on, where two are as likely but for rounding")));
  }

  static String acceptance(SpeculatedRate rate) {
    return acceptance(rate.accepted(), rate.drafted());
  }

  static String acceptance(long accepted, long drafted) {
    return drafted == 0 ? "nothing was guessed" : accepted + " of " + drafted + " guesses accepted (" + Units.decimal(100.0 * accepted / drafted, 1) + " %)";
  }

  Map<String, Object> fields(SpeculatedRate rate) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("speculate", choice.label());
    fields.put("speculated_ts", rate.speculated().median());
    fields.put("speculated_samples_ts", rate.speculated().values());
    fields.put("unspeculated_samples_ts", rate.plain().values());
    fields.put("speculated_speed_up", rate.speedUp());
    fields.put("drafted", rate.drafted());
    fields.put("accepted", rate.accepted());
    fields.put("acceptance", rate.acceptance());
    fields.put("tokens_per_step", rate.tokensPerStep());
    fields.put("same_tokens", rate.same());
    return fields;
  }
}
