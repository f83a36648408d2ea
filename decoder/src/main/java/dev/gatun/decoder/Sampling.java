package dev.gatun.decoder;

import dev.gatun.ShapeException;

/**
 * How the next token of a sequence is chosen; the formulas are those of {@link dev.gatun.Penalize} and {@link dev.gatun.Sample}.
 *
 * @param temperature 0 for the most likely token
 * @param topK only the K most likely; 0 for all
 * @param topP only the most likely that together reach this share; 1 for all
 * @param minP only those at least this share as likely as the most likely; 0 for all
 * @param repetition divides the logits of recent tokens; 1 for none
 * @param frequency subtracted for each recent occurrence; 0 for none
 * @param presence subtracted once for a recent token; 0 for none
 * @param seed of the random numbers. They depend on the seed, the position, and which place of the decoder the sequence has: the lowest that is free
 *     when it is opened. The same request on a decoder without other open sequences thus gives the same text each time, and sequences that are open
 *     together differ even with one seed
 */
public record Sampling(float temperature, int topK, float topP, float minP, float repetition, float frequency, float presence, long seed) {
  /** Checks the numbers. @throws ShapeException naming the one that is out of range */
  public Sampling {
    check(temperature >= 0 && Float.isFinite(temperature), "temperature must be 0 or more", temperature);
    check(topK >= 0 && topK <= 1 << 24, "top_k must be between 0 and 2^24", topK);
    check(topP > 0 && topP <= 1, "top_p must be over 0 and at most 1", topP);
    check(minP >= 0 && minP <= 1, "min_p must be between 0 and 1", minP);
    check(repetition > 0 && Float.isFinite(repetition), "the repetition penalty must be positive", repetition);
    check(Float.isFinite(frequency), "the frequency penalty must be finite", frequency);
    check(Float.isFinite(presence), "the presence penalty must be finite", presence);
  }

  private static void check(boolean holds, String what, Number value) {
    if (!holds) {
      throw new ShapeException(what + ", not " + value);
    }
  }

  /** Always the most likely token, the lowest id in a tie. */
  public static Sampling greedy() {
    return new Sampling(0, 0, 1, 0, 1, 0, 0, 0);
  }

  /** Softmax at a temperature with top-k and top-p. */
  public static Sampling of(float temperature, int topK, float topP, long seed) {
    return new Sampling(temperature, topK, topP, 0, 1, 0, 0, seed);
  }

  /** Whether recent tokens are made less likely. */
  public boolean isPenalized() {
    return repetition != 1 || frequency != 0 || presence != 0;
  }

  /** Whether the argmax of the logits as they are is the answer. */
  public boolean isGreedy() {
    return temperature == 0 && !isPenalized();
  }
}
