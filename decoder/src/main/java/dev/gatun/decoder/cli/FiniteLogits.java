package dev.gatun.decoder.cli;

import dev.gatun.decoder.ModelException;
import java.nio.file.Path;

/** Logits that are numbers. */
final class FiniteLogits {
  private FiniteLogits() {}

  /** The row itself. @throws ModelException if it holds NaN or an infinity */
  static float[] require(Path file, float[] row, int position) {
    for (int id = 0; id < row.length; id++) {
      if (!Float.isFinite(row[id])) {
        throw new ModelException(file, "the logits after position " + position + " are not finite (" + row[id] + " for token " + id
            + "); the weights may hold NaN or infinity, or have overflowed");
      }
    }
    return row;
  }
}
