package dev.gatun.decoder.cli.bench;

/**
 * How large the cases are.
 *
 * @param full whether sizes are the models' own
 * @param rotatedBytes the bytes that copies of a case take together at least, past every cache there is
 * @param leastCopies the fewest copies
 * @param mostCopies the most copies
 * @param leastReplays the fewest replays that are timed
 * @param nanos how long a case is measured
 */
public record BenchScale(boolean full, long rotatedBytes, int leastCopies, int mostCopies, int leastReplays, long nanos) {
  /** The models' sizes. */
  public static final BenchScale FULL = new BenchScale(true, 192L << 20, 1, 64, 5, 60_000_000);

  /** Sizes that an emulator gets through; the figures mean nothing. */
  public static final BenchScale SMALL = new BenchScale(false, 0, 2, 2, 1, 0);

  private static final int SMALL_WIDTH = 256;
  private static final int SMALL_LENGTH = 20;

  /** A row length or number of rows of a weight. */
  public int width(int models) {
    return full ? models : Math.min(models, SMALL_WIDTH);
  }

  /** Rows of a large product: a tile and a piece of one. */
  public int rows(int wanted) {
    return full ? wanted : Math.min(wanted, SMALL_LENGTH);
  }

  /** Tokens of a sequence. */
  public int tokens(int wanted) {
    return full ? wanted : Math.min(wanted, SMALL_LENGTH);
  }
}
