package dev.gatun.decoder;

import dev.gatun.DType;
import dev.gatun.ShapeException;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Sizes of a decoder.
 *
 * @param context the most tokens of one sequence, prompt and answer together; at most 2<sup>24</sup>
 * @param sequences the most sequences at a time
 * @param chunk the most tokens of one step; longer prompts are fed in several
 * @param cacheType how keys and values are kept
 * @param history how many of the last tokens the penalties look at
 * @param activations F32, or F16 or BF16 for what only matmuls and attention read in steps of more than 8 tokens: tensor cores then need one
 *     product where F32 needs two or three. Smaller steps, which are as long as their weights are, keep F32
 * @param cacheTokens positions that the cache has for all sequences together, rounded up to pages; empty for a full context of each. Fewer do where sequences share
 *     a beginning ({@link Sequence#fork}) or stay short
 * @param eviction what a sequence keeps when its context is full; without it, feeding more is refused
 */
public record DecoderOptions(int context, int sequences, int chunk, DType cacheType, int history, DType activations, OptionalInt cacheTokens,
    Optional<Eviction> eviction) {
  private static final int LONGEST_CONTEXT = 1 << 24;

  /**
   * Checks them.
   *
   * @throws ShapeException if a size is not positive, the context or history too long, the activations of another type, the cache smaller than nothing, or no room
   *     beside what eviction keeps
   */
  public DecoderOptions {
    if (context < 1 || sequences < 1 || chunk < 1 || history < 1) {
      throw new ShapeException("context, sequences, chunk and history must be positive: " + context + ", " + sequences + ", " + chunk + ", " + history);
    }
    if (context > LONGEST_CONTEXT || history > LONGEST_CONTEXT) {
      throw new ShapeException("a context of " + context + " tokens with a history of " + history + " is too long; the most is " + LONGEST_CONTEXT);
    }
    if (!activations.isFloat()) {
      throw new ShapeException("activations are F32, F16 or BF16, not " + activations);
    }
    if (cacheTokens.isPresent() && cacheTokens.getAsInt() < 1) {
      throw new ShapeException("a cache has room for at least 1 token, not " + cacheTokens.getAsInt());
    }
    if (eviction.isPresent() && eviction.get().kept() >= context) {
      throw new ShapeException("eviction keeps " + eviction.get().sinks() + " first and " + eviction.get().window() + " newest tokens, which leaves no room in a context of "
          + context);
    }
  }

  /** As the canonical constructor, with a cache for a full context of each sequence and without eviction. */
  public DecoderOptions(int context, int sequences, int chunk, DType cacheType, int history, DType activations) {
    this(context, sequences, chunk, cacheType, history, activations, OptionalInt.empty(), Optional.empty());
  }

  /** One sequence of up to {@code context} tokens, prompts in chunks of 512, keys and values in F32. */
  public static DecoderOptions of(int context) {
    return new DecoderOptions(context, 1, 512, DType.F32, 64, DType.F32);
  }

  /** These sizes for another number of sequences. */
  public DecoderOptions withSequences(int count) {
    return new DecoderOptions(context, count, chunk, cacheType, history, activations, cacheTokens, eviction);
  }

  /** These sizes with another chunk. */
  public DecoderOptions withChunk(int tokens) {
    return new DecoderOptions(context, sequences, tokens, cacheType, history, activations, cacheTokens, eviction);
  }

  /** These sizes with keys and values kept in another type. */
  public DecoderOptions withCacheType(DType type) {
    return new DecoderOptions(context, sequences, chunk, type, history, activations, cacheTokens, eviction);
  }

  /** These sizes with activations of another type. */
  public DecoderOptions withActivations(DType type) {
    return new DecoderOptions(context, sequences, chunk, cacheType, history, type, cacheTokens, eviction);
  }

  /** These sizes with room in the cache for so many tokens of all sequences together. */
  public DecoderOptions withCacheTokens(int tokens) {
    return new DecoderOptions(context, sequences, chunk, cacheType, history, activations, OptionalInt.of(tokens), eviction);
  }

  /** These sizes for sequences that go on when their context is full. */
  public DecoderOptions withEviction(Eviction kept) {
    return new DecoderOptions(context, sequences, chunk, cacheType, history, activations, cacheTokens, Optional.of(kept));
  }
}
