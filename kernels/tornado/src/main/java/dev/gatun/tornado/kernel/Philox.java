package dev.gatun.tornado.kernel;

/**
 * The counter-based random generator Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011), in longs none of whose products and sums leaves a long. Inlined into kernels.
 */
final class Philox {
  private static final long FIRST_FACTOR = 0xD2511F53L;
  private static final long SECOND_FACTOR = 0xCD9E8D57L;
  private static final long FIRST_WEYL = 0x9E3779B9L;
  private static final long SECOND_WEYL = 0xBB67AE85L;
  private static final int ROUNDS = 10;
  private static final long WORD = 0xFFFF_FFFFL;
  private static final long HALF_WORD = 0xFFFFL;

  private Philox() {}

  /** A number in [0, 1) from the upper 24 bits of the first word of the block at counter (position, sequence, 0, 0). */
  static float uniform(int position, int sequence, int seedLow, int seedHigh) {
    long x0 = position & WORD;
    long x1 = sequence & WORD;
    long x2 = 0;
    long x3 = 0;
    long k0 = seedLow & WORD;
    long k1 = seedHigh & WORD;
    for (int round = 0; round < ROUNDS; round++) {
      long firstLow = FIRST_FACTOR * (x0 & HALF_WORD);
      long first = FIRST_FACTOR * (x0 >> 16) + (firstLow >> 16);
      long secondLow = SECOND_FACTOR * (x2 & HALF_WORD);
      long second = SECOND_FACTOR * (x2 >> 16) + (secondLow >> 16);
      x0 = (second >> 16) ^ x1 ^ k0;
      x1 = ((second & HALF_WORD) << 16) | (secondLow & HALF_WORD);
      x2 = (first >> 16) ^ x3 ^ k1;
      x3 = ((first & HALF_WORD) << 16) | (firstLow & HALF_WORD);
      k0 = (k0 + FIRST_WEYL) & WORD;
      k1 = (k1 + SECOND_WEYL) & WORD;
    }
    return (int) (x0 >> 8) * 0x1p-24f;
  }
}
