package dev.gatun.decoder.cli.rate;

import dev.gatun.decoder.Decoder;
import dev.gatun.decoder.Generation;
import dev.gatun.decoder.Sampling;
import dev.gatun.decoder.Sequence;
import dev.gatun.decoder.Speculation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * A decode test with a draft and, in turn with it, without.
 *
 * @param plain tokens per second of each repeat without
 * @param speculated tokens per second of each repeat with it
 * @param tokens tokens decoded in a repeat
 * @param steps steps that it took with the draft
 * @param drafted tokens guessed
 * @param accepted tokens guessed right
 * @param same how many of the first tokens were the same with it and without
 */
public record SpeculatedRate(Samples plain, Samples speculated, int tokens, long steps, long drafted, long accepted, int same) {

  /** Measures a test of one sequence. @param ids the text to decode after, at least one token */
  public static SpeculatedRate measure(Decoder decoder, int[] ids, int tokens, int repeats, Speculation speculation) {
    List<Double> plain = new ArrayList<>();
    List<Double> speculated = new ArrayList<>();
    int[] wanted = {};
    int[] found = {};
    long[] counts = new long[3];
    // The first round of both compiles their steps.
    for (int i = 0; i <= repeats; i++) {
      try (Sequence sequence = decoder.newSequence(Sampling.greedy())) {
        Generation generation = Generation.run(sequence, ids, tokens + 1, Set.of(), () -> false, id -> {});
        wanted = generation.ids();
        plain.add(rate(generation));
      }
      counts = new long[] {speculation.steps(), speculation.drafted(), speculation.accepted()};
      try (Sequence sequence = decoder.newSequence(Sampling.greedy())) {
        Generation generation = Generation.run(sequence, ids, tokens + 1, Set.of(), () -> false, id -> {}, speculation);
        found = generation.ids();
        speculated.add(rate(generation));
      }
    }
    int differs = Arrays.mismatch(wanted, found);
    return new SpeculatedRate(samples(plain), samples(speculated), found.length - 1, speculation.steps() - counts[0], speculation.drafted() - counts[1],
        speculation.accepted() - counts[2], differs < 0 ? found.length : differs);
  }

  private static double rate(Generation generation) {
    return generation.decodeSteps() * 1e9 / Math.max(1, generation.decodeNanos());
  }

  private static Samples samples(List<Double> rates) {
    return new Samples(rates.stream().skip(1).mapToDouble(Double::doubleValue).toArray());
  }

  /** The median of how many times faster each repeat was with the draft. */
  public double speedUp() {
    double[] ratios = new double[plain.values().length];
    Arrays.setAll(ratios, i -> speculated.values()[i] / plain.values()[i]);
    return new Samples(ratios).median();
  }

  /** The share of the guesses that were right; NaN where there were none. */
  public double acceptance() {
    return (double) accepted / drafted;
  }

  /** Tokens that a step gave. */
  public double tokensPerStep() {
    return (double) tokens / steps;
  }
}
