package dev.gatun.decoder.cli;

import dev.gatun.decoder.Decoder;
import dev.gatun.decoder.ModelException;
import dev.gatun.decoder.Sampling;
import dev.gatun.decoder.Sequence;
import java.nio.file.Path;
import java.util.Arrays;

/** Looks whether a model answers sensibly before its speed is measured: the speed of a wrong answer is worth nothing. */
final class BenchCheck {
  /** Both ways may round activations differently; a wrong kernel is far outside. */
  private static final double LARGEST_ERROR = 0.05;
  private static final int STEPS = 8;

  private final Decoder decoder;
  private final int[] prompt;
  private final Path file;

  BenchCheck(Decoder decoder, int[] ids) {
    this.decoder = decoder;
    this.prompt = Arrays.copyOf(ids, Math.min(SeededPrompt.CHECKED, decoder.options().context() - STEPS));
    this.file = decoder.model().gguf().file();
  }

  /**
   * @throws ModelException if logits are not finite, if a prompt fed at once and token by token gives other logits, or if decoding it
   *     twice gives other tokens
   */
  void run() {
    float[] atOnce = atOnce();
    double error = error(atOnce, oneByOne());
    if (!(error <= LARGEST_ERROR)) {
      throw new ModelException(file, "is not measured, since it is computed wrong: the logits after " + prompt.length
          + " tokens fed at once and one by one differ by an NMSE of " + error);
    }
    int[] first = decode();
    int[] second = decode();
    if (!Arrays.equals(first, second)) {
      throw new ModelException(file, "is not measured, since it is computed wrong: decoding the same prompt twice gave "
          + Arrays.toString(first) + " and " + Arrays.toString(second));
    }
  }

  private float[] atOnce() {
    try (Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      float[][] rows = decoder.logits(sequence, prompt);
      for (int i = 0; i < rows.length; i++) {
        FiniteLogits.require(file, rows[i], i);
      }
      return rows[rows.length - 1];
    }
  }

  private float[] oneByOne() {
    try (Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      float[] row = {};
      for (int i = 0; i < prompt.length; i++) {
        row = FiniteLogits.require(file, decoder.logits(sequence, prompt[i])[0], i);
      }
      return row;
    }
  }

  /** Sum of squared differences over sum of squares. */
  static double error(float[] wanted, float[] found) {
    double difference = 0;
    double size = 0;
    for (int i = 0; i < wanted.length; i++) {
      difference += Math.pow((double) wanted[i] - found[i], 2);
      size += Math.pow(wanted[i], 2);
    }
    return difference == 0 ? 0 : difference / size;
  }

  private int[] decode() {
    try (Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      int[] chosen = new int[STEPS];
      chosen[0] = decoder.feed(sequence, prompt);
      for (int i = 1; i < STEPS; i++) {
        chosen[i] = decoder.feed(sequence, chosen[i - 1]);
      }
      return chosen;
    }
  }
}
