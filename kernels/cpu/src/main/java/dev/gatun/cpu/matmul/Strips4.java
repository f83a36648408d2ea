package dev.gatun.cpu.matmul;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Q4_0 rows with sixteen blocks side by side, so that one 32-bit lane is one block and a vector of scales serves 512 weights. A row of k weights is
 * k/32 scales in F16, then for each group of sixteen blocks four strips of 64 bytes. Word b of strip j holds elements {@code 8j} to {@code 8j + 7} of
 * block b: nibble t of its lower half is element {@code 8j + 2t}, nibble t of its upper half element {@code 8j + 2t + 1}.
 *
 * <p>One activation row becomes signed bytes with a scale for each block of 32, kept as 16-bit integers in the order of the nibbles: 16 products of at
 * most 15·127 fit a 16-bit sum, so a group of 512 weights is folded once. More rows stay floats, in the order that {@link Strips4Kernel} decodes to.
 */
final class Strips4 implements Repack {
  /** Weights whose sixteen blocks stand side by side. */
  static final int GROUP = 512;

  private static final float LARGEST = 127;

  private final MatmulKernel kernel;

  Strips4(MatmulKernel kernel) {
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
      long word = 2L * blocks + 256L * (b >> 4) + 4 * (b & 15);
      to.set(JAVA_INT_UNALIGNED, word, apart(first));
      to.set(JAVA_INT_UNALIGNED, word + 64, apart(second));
      to.set(JAVA_INT_UNALIGNED, word + 128, apart(first >>> 4));
      to.set(JAVA_INT_UNALIGNED, word + 192, apart(second >>> 4));
    }
  }

  /** The low nibbles of eight bytes: those of even bytes to the lower half, those of odd bytes to the upper. */
  private static int apart(long bytes) {
    long even = Long.compress(bytes, 0x000f000f000f000fL);
    long odd = Long.compress(bytes, 0x0f000f000f000f00L);
    return (int) (even | odd << 16);
  }

  /** Floats in the order of decoded weights take the most. */
  static long activationBytes(int k) {
    return 4L * k;
  }

  /** Byte offset of the corrections {@code 8·Σq}, one I32 for each block. */
  static long corrections(int k) {
    return 2L * k;
  }

  /** Byte offset of the scales, one F32 for each block. */
  static long scales(int k) {
    return 2L * k + k / 8;
  }

  /** One row for the integer form. A block with a NaN or an infinity gets NaN for its scale. */
  static void round(MemorySegment x, long xOffset, int k, MemorySegment act, long actOffset) {
    for (int b = 0; b < k / 32; b++) {
      long from = xOffset + 128L * b;
      float largest = 0;
      for (int i = 0; i < 32; i++) {
        largest = Math.max(largest, Math.abs(x.get(JAVA_FLOAT_UNALIGNED, from + 4 * i)));
      }
      boolean finite = largest < Float.POSITIVE_INFINITY;
      float scale = finite ? largest / LARGEST : Float.NaN;
      float inverse = scale > Float.MIN_NORMAL ? 1 / scale : 0;
      long to = actOffset + 2L * (GROUP * (b >> 4) + 2 * (b & 15));
      int sum = 0;
      for (int i = 0; i < 32; i++) {
        int q = Math.round(x.get(JAVA_FLOAT_UNALIGNED, from + 4 * i) * inverse);
        act.set(JAVA_SHORT_UNALIGNED, to + 2L * (128 * (i >> 3) + 32 * (i >> 1 & 3) + (i & 1)), (short) q);
        sum += q;
      }
      act.set(JAVA_INT_UNALIGNED, actOffset + corrections(k) + 4 * b, 8 * sum);
      act.set(JAVA_FLOAT_UNALIGNED, actOffset + scales(k) + 4 * b, scale);
    }
  }

  /** Where the float form has element i of a group: {@code 128j + 16n + b} is what meets nibble n of word b of strip j. */
  static int[] order() {
    int[] order = new int[GROUP];
    for (int e = 0; e < GROUP; e++) {
      int i = e & 31;
      int nibble = (i >> 1 & 3) + 4 * (i & 1);
      order[e] = 128 * (i >> 3) + 16 * nibble + (e >> 5);
    }
    return order;
  }
}
