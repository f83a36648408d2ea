package dev.gatun.decoder.cli;

import dev.gatun.decoder.cli.rate.RateTest;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that say what is timed. */
final class RateTests {
  private static final int MOST_SEQUENCES = 512;
  private static final List<String> PROMPT = List.of("128");
  private static final List<String> GENERATED = List.of("32");

  @Spec(Spec.Target.MIXEE) CommandSpec spec;

  @Option(names = {"-p", "--n-prompt"}, paramLabel = "N[,N]", description = "Tokens of the prompt; 0 for no prefill. Default: 128.")
  List<String> prompts = new ArrayList<>();

  @Option(names = {"-n", "--n-gen"}, paramLabel = "N[,N]", description = "Tokens to decode after it; 0 for no decode. Default: 32.")
  List<String> generated = new ArrayList<>();

  @Option(names = "-pg", paramLabel = "N,N", description = "Also a prompt and tokens to decode after it, timed together; may be repeated.")
  List<String> both = new ArrayList<>();

  @Option(names = {"-d", "--n-depth", "--depth"}, paramLabel = "N[,N]",
      description = "Tokens in the cache before prefill and before decode, each measured by itself; 0 for an empty cache. "
          + "Default: prefill from an empty cache and decode after the prompt, so that its depth is -p.")
  List<String> depths = new ArrayList<>();

  @Option(names = "--sequences", paramLabel = "N[,N]",
      description = "Sequences that are decoded side by side, each with a prompt and depth of its own; prefill is measured for the first number. Default: 1.")
  List<String> sequences = new ArrayList<>();

  private List<Integer> numbers(String option, List<String> texts, int least, int most) {
    Set<Integer> all = new LinkedHashSet<>();
    for (String text : texts) {
      for (int number : Numbers.of(spec, option, text)) {
        if (number < least || number > most) {
          throw new ParameterException(spec.commandLine(),
              option + (least == 0 ? " must not be negative: " : " must be from " + least + " to " + most + ", not ") + number);
        }
        all.add(number);
      }
    }
    return List.copyOf(all);
  }

  /** The depths given, each to be measured by itself; none where decoding comes after the prompt. */
  List<Integer> depths() {
    return numbers("-d", depths, 0, Integer.MAX_VALUE);
  }

  /** Every combination, at least one. */
  List<RateTest> all() {
    List<Integer> fed = numbers("-p", prompts.isEmpty() ? PROMPT : prompts, 0, Integer.MAX_VALUE);
    List<Integer> steps = numbers("-n", generated.isEmpty() ? GENERATED : generated, 0, Integer.MAX_VALUE);
    List<List<Integer>> pairs = both.stream().map(text -> Numbers.of(spec, "-pg", text)).toList();
    List<Integer> before = depths();
    List<Integer> counts = numbers("--sequences", sequences.isEmpty() ? List.of("1") : sequences, 1, MOST_SEQUENCES);
    Set<RateTest> all = new LinkedHashSet<>();
    for (int count : counts) {
      for (int depth : before.isEmpty() ? List.of(0) : before) {
        if (count == counts.getFirst()) {
          fed.forEach(prompt -> all.add(new RateTest(prompt, 0, depth, count)));
        }
        for (int at : before.isEmpty() ? fed : List.of(depth)) {
          steps.forEach(step -> all.add(new RateTest(0, step, at, count)));
        }
        for (List<Integer> pair : pairs) {
          if (pair.size() != 2 || pair.get(0) < 1 || pair.get(1) < 1) {
            throw new ParameterException(spec.commandLine(), "-pg takes two numbers from 1 on, a prompt and tokens after it, not " + pair);
          }
          all.add(new RateTest(pair.get(0), pair.get(1), depth, count));
        }
      }
    }
    all.removeIf(test -> test.prompt() == 0 && test.generated() == 0);
    if (all.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "nothing is measured with -p 0 and -n 0; give one of them, or -pg");
    }
    return List.copyOf(all);
  }
}
