package dev.gatun.decoder.model;

/**
 * Random 64-bit words by number: word {@code i} of a stream depends on seed, stream and {@code i} alone, so that threads can make any
 * part in any order. The function is SplitMix64's finalizer over a Weyl sequence (Steele, Lea, Flood: "Fast splittable pseudorandom
 * number generators", 2014).
 */
record SeededBits(long key) {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  static SeededBits of(long seed, long stream) {
    return new SeededBits(mix(mix(seed) + (stream + 1) * GOLDEN));
  }

  long word(long index) {
    return mix(key + index * GOLDEN);
  }

  private static long mix(long value) {
    long z = (value ^ value >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
