package dev.gatun.decoder.family;

import java.util.function.IntPredicate;

/** Which layers see a window of the last positions alone: all but every so many, of a period. */
final class LayerPattern {
  private LayerPattern() {}

  /** Reads {@code attention.sliding_window_pattern}: a period, or for each layer whether it has the window. */
  static IntPredicate windowed(Keys keys, int otherwise) {
    boolean[] each = keys.bools("attention.sliding_window_pattern").orElse(null);
    if (each != null) {
      return layer -> layer < each.length && each[layer];
    }
    int period = keys.optionalSize("attention.sliding_window_pattern").orElse(otherwise);
    return layer -> layer % period < period - 1;
  }
}
