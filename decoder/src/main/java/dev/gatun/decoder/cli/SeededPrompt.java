package dev.gatun.decoder.cli;

import dev.gatun.decoder.Model;
import dev.gatun.decoder.ModelException;
import dev.gatun.decoder.tokenizer.Tokenizer;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;

/** A prompt that is the same each time and means nothing: ordinary tokens of the vocabulary, drawn by a fixed seed. */
final class SeededPrompt {
  /** The tokens that a check before measuring looks at. */
  static final int CHECKED = 8;

  private static final long SEED = 20260101;
  private static final int TRIES = 1000;

  private SeededPrompt() {}

  static int[] of(Model model, int length) {
    Optional<Tokenizer> tokenizer = tokenizer(model);
    Set<Integer> ends = tokenizer.map(Tokenizer::endOfGeneration).orElse(Set.of());
    int vocabulary = Math.min(model.dimensions().vocabulary(), tokenizer.map(Tokenizer::vocabularySize).orElse(Integer.MAX_VALUE));
    SplittableRandom random = new SplittableRandom(SEED);
    int[] ids = new int[length];
    for (int i = 0; i < length; i++) {
      int tries = 0;
      int id = random.nextInt(vocabulary);
      while (tokenizer.isPresent() && (tokenizer.get().isSpecial(id) || ends.contains(id)) && tries++ < TRIES) {
        id = random.nextInt(vocabulary);
      }
      ids[i] = id;
    }
    return ids;
  }

  /** Speed can be measured without a tokenizer. */
  private static Optional<Tokenizer> tokenizer(Model model) {
    try {
      return Optional.of(model.tokenizer());
    } catch (ModelException _) {
      return Optional.empty();
    }
  }
}
