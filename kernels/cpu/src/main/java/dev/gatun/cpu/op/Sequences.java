package dev.gatun.cpu.op;

import dev.gatun.Ragged;

/** The sequences of a step, read from memory when asked. */
final class Sequences {
  private final View starts;
  private final View slots;
  private final View positions;

  Sequences(Binding binding, Ragged batch) {
    starts = binding.view(batch.starts());
    slots = binding.view(batch.slots());
    positions = binding.view(batch.positions());
  }

  /** The sequence that owns a token; −1 where none does. */
  int of(int token) {
    int n = slots.count();
    if (n == 0) {
      return -1;
    }
    int sequence = starts.floorIndex(token, n);
    return starts.integer(sequence) <= token && token < starts.integer(sequence + 1) ? sequence : -1;
  }

  /** The token after a sequence's last. */
  int end(int sequence) {
    return Math.min(starts.integer(sequence + 1), positions.count());
  }

  /** Tokens of a sequence. */
  int tokens(int sequence) {
    return end(sequence) - starts.integer(sequence);
  }

  /** The cache slot of a sequence. */
  int slot(int sequence) {
    return slots.integer(sequence);
  }

  /** A token's position in its sequence. */
  int position(int token) {
    return positions.integer(token);
  }
}
