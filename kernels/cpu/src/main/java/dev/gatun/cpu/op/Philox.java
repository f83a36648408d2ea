package dev.gatun.cpu.op;

/** The counter-based random generator Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011). */
final class Philox {
  private static final long FIRST_FACTOR = 0xD2511F53L;
  private static final long SECOND_FACTOR = 0xCD9E8D57L;
  private static final int FIRST_WEYL = 0x9E3779B9;
  private static final int SECOND_WEYL = 0xBB67AE85;
  private static final int ROUNDS = 10;

  private Philox() {}

  /** The first word of the block at counter (c0, c1, 0, 0) under key (k0, k1). */
  static int first(int c0, int c1, int k0, int k1) {
    int x0 = c0;
    int x1 = c1;
    int x2 = 0;
    int x3 = 0;
    for (int round = 0; round < ROUNDS; round++) {
      long a = FIRST_FACTOR * (x0 & 0xFFFF_FFFFL);
      long b = SECOND_FACTOR * (x2 & 0xFFFF_FFFFL);
      x0 = (int) (b >>> 32) ^ x1 ^ (k0 + round * FIRST_WEYL);
      x1 = (int) b;
      x2 = (int) (a >>> 32) ^ x3 ^ (k1 + round * SECOND_WEYL);
      x3 = (int) a;
    }
    return x0;
  }

  /** A number in [0, 1) from the upper 24 bits of {@link #first}. */
  static double uniform(int position, int sequence, int seedLow, int seedHigh) {
    return (first(position, sequence, seedLow, seedHigh) >>> 8) * 0x1p-24;
  }
}
