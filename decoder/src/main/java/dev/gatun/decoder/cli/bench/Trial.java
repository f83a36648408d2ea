package dev.gatun.decoder.cli.bench;

import dev.gatun.Operator;
import java.util.List;

/**
 * A case laid out in memory.
 *
 * @param copies the same operator over other memory each time, run in this order
 * @param check looks at the answer of a copy
 * @param bound the largest error that an honest answer has
 */
public record Trial(List<? extends Operator> copies, Check check, double bound) {
  /** Looks at an answer. */
  @FunctionalInterface
  public interface Check {
    /** The normalised mean squared error of the answer of copy {@code index}, sampled, against float64. */
    double error(int index);
  }
}
