package dev.gatun.cpu.matmul;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Q4_0 rows with sixteen blocks side by side: 16-bit lane b of a strip holds four weights of block b, so that one vector of scales serves
 * 512 weights. A row of k weights is k/32 scales in F16, then k/64 strips of 32 bytes. Nibble n of lane b of strip {@code 8g + j} is element
 * {@code 4j + n} of block {@code 16g + b}.
 *
 * <p>A nibble never becomes an integer of its own. It is put into the mantissa of the float 1 instead, at bit 19 or 15, which makes it
 * {@code 1 + q/16} or {@code 1 + q/256} at the price of a mask, where a conversion costs two cycles a vector. Activations are multiplied by
 * 16 or 256 to match and laid out as the nibbles are: float {@code 512g + 64j + 16n + b}. Then comes what undoes the ones and subtracts the
 * 8 of Q4_0, a float for each strip and lane.
 */
final class Lanes4 implements Repack {
  /** Weights whose sixteen blocks stand side by side. */
  static final int GROUP = 512;

  /** What activations that meet nibble n are multiplied by. */
  private static final float[] WORTH = {16, 256, 16, 16};

  private final MatmulKernel kernel;

  Lanes4(MatmulKernel kernel) {
    this.kernel = kernel;
  }

  @Override
  public MatmulKernel kernel() {
    return kernel;
  }

  @Override
  public long rowBytes(int k) {
    return k / 32 * 18L;
  }

  @Override
  public void rewrite(MemorySegment w, long wOffset, long wRowBytes, int k, MemorySegment to, long toOffset, int n0, int n1) {
    for (int n = n0; n < n1; n++) {
      rewriteRow(w.asSlice(wOffset + n * wRowBytes, rowBytes(k)), k / 32, to.asSlice(toOffset + n * rowBytes(k), rowBytes(k)));
    }
  }

  private static void rewriteRow(MemorySegment from, int blocks, MemorySegment to) {
    for (int b = 0; b < blocks; b++) {
      to.set(JAVA_SHORT_UNALIGNED, 2L * b, from.get(JAVA_SHORT_UNALIGNED, 18L * b));
      long first = from.get(JAVA_LONG_UNALIGNED, 18L * b + 2);
      long second = from.get(JAVA_LONG_UNALIGNED, 18L * b + 10);
      long lane = 2L * blocks + 256L * (b >> 4) + 2 * (b & 15);
      put(to, lane, first);
      put(to, lane + 64, second);
      put(to, lane + 128, first >>> 4);
      put(to, lane + 192, second >>> 4);
    }
  }

  /** The low nibbles of eight bytes, to one lane of two strips. */
  private static void put(MemorySegment to, long at, long bytes) {
    int nibbles = (int) Long.compress(bytes, 0x0f0f0f0f0f0f0f0fL);
    to.set(JAVA_SHORT_UNALIGNED, at, (short) nibbles);
    to.set(JAVA_SHORT_UNALIGNED, at + 32, (short) (nibbles >>> 16));
  }

  static long activationBytes(int k) {
    return 4L * (k + k / 4);
  }

  static void activate(MemorySegment x, long xOffset, int k, MemorySegment act, long actOffset) {
    for (int b = 0; b < k / 32; b++) {
      long from = xOffset + 128L * b;
      long to = actOffset + 4L * (GROUP * (b >> 4) + (b & 15));
      for (int j = 0; j < 8; j++) {
        float undo = 0;
        for (int n = 0; n < 4; n++) {
          float v = x.get(JAVA_FLOAT_UNALIGNED, from + 16 * j + 4 * n) * WORTH[n];
          act.set(JAVA_FLOAT_UNALIGNED, to + 256 * j + 64 * n, v);
          undo += v + v * (8 / WORTH[n]);
        }
        act.set(JAVA_FLOAT_UNALIGNED, actOffset + 4L * (k + 128 * (b >> 4) + 16 * j + (b & 15)), -undo);
      }
    }
  }
}
