package dev.gatun.tck.example;

import dev.gatun.Ragged;
import dev.gatun.Tensor;
import java.util.function.IntSupplier;

/**
 * The sequences of a step, read anew in each run.
 *
 * @param tokens the actual number of tokens
 * @param number the actual number of sequences
 * @param starts where each begins
 * @param slots the cache slot of each
 * @param positions the position of each token
 */
record Sequences(IntSupplier tokens, IntSupplier number, Values starts, Values slots, Values positions) {
  /** The sequences of {@code batch}, in an operator with the token-wise {@code operands}. */
  static Sequences of(Binding at, Ragged batch, Tensor... operands) {
    return new Sequences(at.count(operands), at.count(batch.slots()), at.values(batch.starts()), at.values(batch.slots()),
        at.values(batch.positions()));
  }

  int first(int sequence) {
    return Math.max(0, starts.integer(sequence));
  }

  /** The token after the last of a sequence. */
  int end(int sequence) {
    return Math.min(tokens.getAsInt(), starts.integer(sequence + 1L));
  }
}
