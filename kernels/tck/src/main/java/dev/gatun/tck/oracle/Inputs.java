package dev.gatun.tck.oracle;

import dev.gatun.DType;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/**
 * Inputs from a seed: the same numbers on every machine and every Java. Every value is one that F32 holds exactly, so that all backends
 * start from the same numbers.
 */
public final class Inputs {
  private static final double TWO_PI = 6.283185307179586;

  private Inputs() {}

  /** {@code n} values spread evenly over [-1, 1). */
  public static double[] uniform(long seed, int n) {
    return uniform(seed, n, -1, 1);
  }

  /** {@code n} values spread evenly over [{@code low}, {@code high}). */
  public static double[] uniform(long seed, int n, double low, double high) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) (low + (high - low) * unit(random));
    }
    return values;
  }

  /** {@code n} values of mean 0 and standard deviation {@code deviation}. */
  public static double[] normal(long seed, int n, double deviation) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) (deviation * gaussian(random));
    }
    return values;
  }

  /** {@code n} values of standard deviation 1, of which about one in 128 is 20 times as large, as activations of transformers have. */
  public static double[] normalWithOutliers(long seed, int n) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      double value = gaussian(random);
      values[i] = (float) (random.nextInt(128) == 0 ? 20 * value : value);
    }
    return values;
  }

  /** {@code n} values of either sign whose magnitudes are spread over many powers of two, from 2^-{@code octaves} to 2^{@code octaves}. */
  public static double[] wideRange(long seed, int n, int octaves) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      double magnitude = Math.scalb(1 + unit(random), random.nextInt(-octaves, octaves));
      values[i] = (float) (random.nextBoolean() ? magnitude : -magnitude);
    }
    return values;
  }

  /** {@code n} integers from {@code low} up to, but without, {@code high}. */
  public static int[] integers(long seed, int n, int low, int high) {
    return new SplittableRandom(seed).ints(n, low, high).toArray();
  }

  /**
   * Random bits as {@code elements} elements of {@code type}, in a heap segment: every code and every scale turns up. Scales and floating
   * values are finite, and no magnitude passes 2^12.
   */
  public static MemorySegment elements(DType type, long seed, int elements) {
    byte[] bytes = new byte[Math.toIntExact(type.bytes(elements))];
    SplittableRandom random = new SplittableRandom(seed);
    random.nextBytes(bytes);
    MemorySegment out = MemorySegment.ofArray(bytes);
    for (long at = 0; at < bytes.length; at += type.blockBytes()) {
      tame(type, random, out, at);
    }
    return out;
  }

  /**
   * Fills a segment with random elements, some hundred megabytes a second: F32, F16 and BF16 evenly over [-1, 1) in steps of 2^-11 (2^-8 for BF16), every
   * other type as {@link #elements}.
   *
   * @param out whole elements, or blocks, of {@code type}
   */
  public static void fill(DType type, long seed, MemorySegment out) {
    SplittableRandom random = new SplittableRandom(seed);
    long bytes = out.byteSize();
    if (type.isFloat()) {
      for (long at = 0; at < bytes; at += type.blockBytes()) {
        int bits = random.nextInt();
        switch (type) {
          case F32 -> out.set(Bits.INT, at, Float.floatToRawIntBits((bits >> 20) * 0x1p-11f));
          case F16 -> Bits.put16(out, at, Float.floatToFloat16((bits >> 20) * 0x1p-11f));
          default -> Bits.put16(out, at, Float.floatToRawIntBits((bits >> 23) * 0x1p-8f) >>> 16);
        }
      }
      return;
    }
    long at = 0;
    for (; at + Long.BYTES <= bytes; at += Long.BYTES) {
      out.set(Bits.LONG, at, random.nextLong());
    }
    for (; at < bytes; at++) {
      Bits.put8(out, at, random.nextInt());
    }
    for (long block = 0; block < bytes; block += type.blockBytes()) {
      tame(type, random, out, block);
    }
  }

  private static void tame(DType type, SplittableRandom random, MemorySegment out, long at) {
    switch (type) {
      case F32 -> out.set(Bits.INT, at, out.get(Bits.INT, at) & 0xBFFF_FFFF);
      case F16 -> Bits.put16(out, at, Bits.u16(out, at) & 0xBFFF);
      case BF16 -> Bits.put16(out, at, Bits.u16(out, at) & 0xBFFF);
      case F8_E4M3 -> Bits.put8(out, at, (Bits.u8(out, at) & 0x7F) == 0x7F ? 0 : Bits.u8(out, at));
      case F8_E5M2 -> Bits.put8(out, at, Bits.u8(out, at) & 0xBF);
      case I8, I32 -> { }
      case MXFP4 -> Bits.put8(out, at, random.nextInt(108, 137));
      case Q8_0, Q4_0, Q5_0, IQ4_NL -> putScale(random, out, at, 4);
      case Q4_1, Q5_1 -> {
        putScale(random, out, at, 4);
        putScale(random, out, at + 2, 2);
      }
      case Q2_K -> {
        putScale(random, out, at + 80, 4);
        putScale(random, out, at + 82, 4);
      }
      case Q4_K, Q5_K -> {
        putScale(random, out, at, 1);
        putScale(random, out, at + 2, 1);
      }
      case IQ4_XS -> putScale(random, out, at, 0.5);
      case TQ1_0 -> putScale(random, out, at + 52, 64);
      case TQ2_0 -> putScale(random, out, at + 64, 64);
      case Q3_K -> putScale(random, out, at + 108, 4);
      case Q6_K -> putScale(random, out, at + 208, 0.5);
    }
  }

  /** An F16 of either sign and full mantissa: at most {@code largest}, of varying size. */
  private static void putScale(SplittableRandom random, MemorySegment out, long at, double largest) {
    double magnitude = Math.scalb(largest * unit(random), -random.nextInt(12));
    Bits.put16(out, at, MiniFloat.F16.encode(random.nextInt(4) == 0 ? -magnitude : magnitude));
  }

  /** 53 random bits as a number in [0, 1). */
  private static double unit(SplittableRandom random) {
    return (random.nextLong() >>> 11) * 0x1p-53;
  }

  /** The Box-Muller transform; StrictMath, so that every machine gets the same bits. */
  private static double gaussian(SplittableRandom random) {
    return StrictMath.sqrt(-2 * StrictMath.log(1 - unit(random))) * StrictMath.cos(TWO_PI * unit(random));
  }
}
