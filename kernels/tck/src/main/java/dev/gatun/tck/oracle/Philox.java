package dev.gatun.tck.oracle;

/** The counter-based generator Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3" (2011). */
public final class Philox {
  private static final long[] MULTIPLIERS = {0xD2511F53L, 0xCD9E8D57L};
  private static final int[] KEY_STEPS = {0x9E3779B9, 0xBB67AE85};

  private Philox() {}

  /** Four random words for a counter of four words and a key of two. */
  public static int[] words(int[] counter, int... key) {
    int[] c = counter.clone();
    for (int round = 0; round < 10; round++) {
      long left = MULTIPLIERS[0] * Integer.toUnsignedLong(c[0]);
      long right = MULTIPLIERS[1] * Integer.toUnsignedLong(c[2]);
      int key0 = key[0] + round * KEY_STEPS[0];
      int key1 = key[1] + round * KEY_STEPS[1];
      c = new int[] {(int) (right >>> 32) ^ c[1] ^ key0, (int) right, (int) (left >>> 32) ^ c[3] ^ key1, (int) left};
    }
    return c;
  }
}
