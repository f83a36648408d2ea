package dev.gatun.cpu.matmul;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Q4_0 rows with sixteen blocks side by side: 32-bit lane b of a word holds eight weights of block b, so that one vector of scales serves 512
 * weights. A row of k weights is k/128 words of 64 bytes, then k/32 scales in F16. Nibble n of lane b of word {@code 4g + j} is element
 * {@code 8j + n} of block {@code 16g + b}.
 *
 * <p>A nibble never becomes an integer of its own. It is put into the mantissa of the float 1 instead, at bit 19 or 15, which makes it
 * {@code 1 + q/16} or {@code 1 + q/256} at the price of a mask, where a conversion costs two cycles a vector. Activations are multiplied by
 * 16 or 256 to match and laid out as the nibbles are: float {@code 512g + 128j + 16n + b}. Then comes what undoes the ones and subtracts the 8
 * of Q4_0: float {@code 16(4g + j) + b} for nibbles 0 to 3, and as many again for nibbles 4 to 7.
 */
final class Lanes4 implements Repack {
  /** Weights whose sixteen blocks stand side by side. */
  static final int GROUP = 512;

  /** What activations that meet nibble n are multiplied by. */
  static final float[] WORTH = {16, 256, 16, 16, 16, 256, 16, 16};

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
      to.set(JAVA_SHORT_UNALIGNED, 16L * blocks + 2L * b, from.get(JAVA_SHORT_UNALIGNED, 18L * b));
      long a = from.get(JAVA_LONG_UNALIGNED, 18L * b + 2);
      long c = from.get(JAVA_LONG_UNALIGNED, 18L * b + 10);
      long word = 256L * (b >> 4) + 4 * (b & 15);
      to.set(JAVA_INT_UNALIGNED, word, lowNibbles(a));
      to.set(JAVA_INT_UNALIGNED, word + 64, lowNibbles(c));
      to.set(JAVA_INT_UNALIGNED, word + 128, lowNibbles(a >>> 4));
      to.set(JAVA_INT_UNALIGNED, word + 192, lowNibbles(c >>> 4));
    }
  }

  /** The low nibbles of eight bytes, next to each other. */
  private static int lowNibbles(long bytes) {
    return (int) Long.compress(bytes, 0x0f0f0f0f0f0f0f0fL);
  }

  static long activationBytes(int k) {
    return 4L * (k + k / 4);
  }

  static void activate(MemorySegment x, long xOffset, int k, MemorySegment act, long actOffset) {
    for (int b = 0; b < k / 32; b++) {
      long from = xOffset + 128L * b;
      long to = actOffset + 4L * (GROUP * (b >> 4) + (b & 15));
      for (int j = 0; j < 4; j++) {
        float lower = 0;
        float upper = 0;
        for (int n = 0; n < 8; n++) {
          float v = x.get(JAVA_FLOAT_UNALIGNED, from + 32 * j + 4 * n) * WORTH[n];
          act.set(JAVA_FLOAT_UNALIGNED, to + 512 * j + 64 * n, v);
          float undo = v + v * (8 / WORTH[n]);
          lower += n < 4 ? undo : 0;
          upper += n < 4 ? 0 : undo;
        }
        long at = actOffset + 4L * (k + 64 * (b >> 4) + 16 * j + (b & 15));
        act.set(JAVA_FLOAT_UNALIGNED, at, -lower);
        act.set(JAVA_FLOAT_UNALIGNED, at + k / 2, -upper);
      }
    }
  }
}
