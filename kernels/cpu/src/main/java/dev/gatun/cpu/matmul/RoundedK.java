package dev.gatun.cpu.matmul;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * One activation row for the integer form of the K-quants: whole numbers of at most 127 in magnitude with a scale for each 32 of them, and
 * terms in F32 for the scales of a block of weights, sixteen or twice sixteen for 256 activations.
 *
 * <p>Sixteen bits of weights hold two neighbours, so activations of even and of odd place lie apart: a vector of numbers meets one nibble
 * of as many words.
 */
enum RoundedK {
  /**
   * For {@link dev.gatun.DType#Q4_K} and {@link dev.gatun.DType#Q5_K}, whose 32 bytes are two groups of 32: terms are the eight scales,
   * then each scale times the sum of its numbers.
   */
  AFFINE {
    @Override
    int place(int i) {
      return Wide.L == 16 ? 128 * (i >> 7) + 64 * (i >> 5 & 1) + 32 * (i & 1) + 16 * (i >> 6 & 1) + (i >> 1 & 15)
          : 64 * (i >> 6) + 32 * (i >> 5 & 1) + 16 * (i & 1) + (i >> 1 & 15);
    }
  },
  /**
   * For {@link dev.gatun.DType#Q6_K}, whose 64 bytes are the first half of 128 in their lower nibbles, the second in their upper: terms are
   * a scale for each 16, then the sum of each 16 numbers, times −32.
   */
  SIGNED {
    @Override
    int place(int i) {
      return Wide.L == 16 ? 128 * (i >> 7) + 64 * (i >> 6 & 1) + 32 * (i & 1) + 16 * (i >> 5 & 1) + (i >> 1 & 15)
          : 128 * (i >> 7) + 64 * (i >> 5 & 1) + 32 * (i >> 6 & 1) + 16 * (i & 1) + (i >> 1 & 15);
    }
  };

  private static final float LARGEST = 127;
  /** Adding it leaves the nearest whole number in the lowest bits. */
  private static final float ROUNDER = 0x1.8p23f;

  private final int[] places = new int[256];

  RoundedK() {
    for (int i = 0; i < 256; i++) {
      places[i] = place(i);
    }
  }

  /** Where number i of 256 lies. */
  abstract int place(int i);

  /** Byte offset of the terms. */
  static long terms(int k) {
    return 2L * k;
  }

  /** Writes a row. A block with a NaN or an infinity gets NaN for its scale. */
  void write(MemorySegment x, long xOffset, int k, MemorySegment act, long actOffset) {
    Panel panel = Panel.ofThread();
    float[] piece = panel.piece;
    KRow row = KRow.ofThread(k);
    for (int at = 0; at < k; at += 256) {
      MemorySegment.copy(x, JAVA_FLOAT_UNALIGNED, xOffset + 4L * at, piece, 0, 256);
      for (int g = 0; g < 8; g++) {
        float scale = round(piece, 32 * g, row.codes, at);
        int first = sum(row.codes, at, 32 * g);
        int second = sum(row.codes, at, 32 * g + 16);
        int to = at >> 3;
        if (this == AFFINE) {
          row.terms[to + g] = scale;
          row.terms[to + 8 + g] = scale * (first + second);
        } else {
          row.terms[to + 2 * g] = scale;
          row.terms[to + 2 * g + 1] = scale;
          row.terms[to + 16 + 2 * g] = -32 * first;
          row.terms[to + 17 + 2 * g] = -32 * second;
        }
      }
    }
    MemorySegment.copy(row.codes, 0, act, JAVA_SHORT_UNALIGNED, actOffset, k);
    MemorySegment.copy(row.terms, 0, act, JAVA_FLOAT_UNALIGNED, actOffset + terms(k), k / 8);
  }

  private float round(float[] x, int from, short[] codes, int at) {
    float largest = 0;
    for (int i = from; i < from + 32; i++) {
      largest = Math.max(largest, Math.abs(x[i]));
    }
    boolean finite = largest < Float.POSITIVE_INFINITY;
    float scale = finite ? largest / LARGEST : Float.NaN;
    float inverse = scale > Float.MIN_NORMAL ? 1 / scale : 0;
    for (int i = from; i < from + 32; i++) {
      codes[at + places[i]] = (short) Float.floatToRawIntBits(x[i] * inverse + ROUNDER);
    }
    return scale;
  }

  private int sum(short[] codes, int at, int from) {
    int sum = 0;
    for (int i = from; i < from + 16; i++) {
      sum += codes[at + places[i]];
    }
    return sum;
  }
}
