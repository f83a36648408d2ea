package dev.gatun.tck.example;

/** Philox4x32-10, the counter-based random numbers of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011). */
final class Philox {
  private static final int ROUNDS = 10;
  private static final long FIRST_FACTOR = 0xD2511F53L;
  private static final long SECOND_FACTOR = 0xCD9E8D57L;
  private static final int FIRST_STEP = 0x9E3779B9;
  private static final int SECOND_STEP = 0xBB67AE85;
  private static final long LOW = 0xFFFFFFFFL;

  private Philox() {}

  /** The four words at a counter under a key. */
  static int[] words(int[] counter, int keyLow, int keyHigh) {
    int[] c = counter.clone();
    for (int round = 0; round < ROUNDS; round++) {
      long first = (c[0] & LOW) * FIRST_FACTOR;
      long second = (c[2] & LOW) * SECOND_FACTOR;
      c = new int[] {(int) (second >>> 32) ^ c[1] ^ keyLow + round * FIRST_STEP, (int) second,
          (int) (first >>> 32) ^ c[3] ^ keyHigh + round * SECOND_STEP, (int) first};
    }
    return c;
  }

  /** The number in [0, 1) that the upper 24 bits of a word make. */
  static float unit(int word) {
    return (word >>> 8) * 0x1p-24f;
  }
}
