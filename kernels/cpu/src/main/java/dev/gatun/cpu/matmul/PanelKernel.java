package dev.gatun.cpu.matmul;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.gatun.DType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Matmul by decoding: four weight rows at a time become floats in the first-level cache, {@link Panel#DEPTH} elements deep, and meet every
 * activation row of a batch there. The arithmetic is that of F32 multiply-adds on the decoded weights; activations are not rounded.
 */
final class PanelKernel extends MatmulKernel {
  /** Bytes of activations that shall stay in the second-level cache while weights pass by. */
  private static final long RESIDENT = 512 * 1024;

  /** Decodes a piece of a row that is stored in any order; activations must come in the same order. */
  interface Piece {
    /** Writes elements [from, from + count) of the row of k elements at byte {@code row}. */
    void decode(MemorySegment w, long row, int k, int from, int count, float[] out, int at);
  }

  private final Piece piece;
  private final Dots dots;

  PanelKernel(DType type, RowDecoder decoder, Dots dots) {
    this((w, row, k, from, count, out, at) -> decoder.decode(w, row + type.bytes(from), count, out, at), dots);
  }

  PanelKernel(Piece piece, Dots dots) {
    this.piece = piece;
    this.dots = dots;
  }

  @Override
  public long activationBytes(int k) {
    return 0;
  }

  @Override
  public void activate(MemorySegment x, long xOffset, long xRowBytes, int rows, int k, MemorySegment act, long actOffset, int m0, int m1) {
    // activations are read where they lie
  }

  @Override
  public void multiply(MemorySegment act, long actOffset, long actRowBytes, int rows, MemorySegment w, long wOffset, long wRowBytes,
      int k, int n0, int n1, MemorySegment y, long yOffset, long yRowBytes) {
    int batch = Math.clamp(RESIDENT / (4L * k) & -4, 4, Panel.BATCH);
    Panel panel = Panel.ofThread();
    for (int m = 0; m < rows; m += batch) {
      int some = Math.min(batch, rows - m);
      for (int n = n0; n < n1; n += Panel.ROWS) {
        int wide = Math.min(Panel.ROWS, n1 - n);
        group(panel, act, actOffset + m * actRowBytes, actRowBytes, some, w, wOffset + n * wRowBytes, wRowBytes, wide, k);
        store(panel, some, wide, y, yOffset + m * yRowBytes + 4L * n, yRowBytes);
      }
    }
  }

  private void group(Panel panel, MemorySegment x, long xOffset, long xRowBytes, int rows, MemorySegment w, long wOffset, long wRowBytes,
      int wide, int k) {
    int lanes = dots.lanes();
    int step = Panel.ROWS * lanes;
    Arrays.fill(panel.sums, 0, rows * step, 0f);
    Arrays.fill(panel.tails, 0, rows * Panel.ROWS, 0f);
    for (int from = 0; from < k; from += Panel.DEPTH) {
      int count = Math.min(Panel.DEPTH, k - from);
      for (int r = 0; r < wide; r++) {
        piece.decode(w, wOffset + r * wRowBytes, k, from, count, panel.weights, r * Panel.DEPTH);
      }
      int whole = count - count % lanes;
      int m = 0;
      for (; m + 4 <= rows; m += 4) {
        dots.tile(x, xOffset + m * xRowBytes + 4L * from, xRowBytes, whole, panel.weights, panel.sums, m * step);
      }
      for (; m < rows; m++) {
        dots.row(x, xOffset + m * xRowBytes + 4L * from, whole, panel.weights, panel.sums, m * step);
      }
      if (whole < count) {
        tail(panel, x, xOffset + 4L * from, xRowBytes, rows, whole, count);
      }
    }
  }

  private static void tail(Panel panel, MemorySegment x, long xOffset, long xRowBytes, int rows, int from, int to) {
    for (int m = 0; m < rows; m++) {
      for (int r = 0; r < Panel.ROWS; r++) {
        float sum = 0;
        for (int i = from; i < to; i++) {
          sum += x.get(JAVA_FLOAT_UNALIGNED, xOffset + m * xRowBytes + 4L * i) * panel.weights[r * Panel.DEPTH + i];
        }
        panel.tails[m * Panel.ROWS + r] = sum;
      }
    }
  }

  private void store(Panel panel, int rows, int wide, MemorySegment y, long yOffset, long yRowBytes) {
    int lanes = dots.lanes();
    for (int m = 0; m < rows; m++) {
      for (int r = 0; r < wide; r++) {
        int output = m * Panel.ROWS + r;
        float sum = halve(panel.sums, output * lanes, lanes) + panel.tails[output];
        y.set(JAVA_FLOAT_UNALIGNED, yOffset + m * yRowBytes + 4L * r, sum);
      }
    }
  }

  /** The sum of {@code lanes} partial sums, upper half onto lower half until one is left. */
  private static float halve(float[] sums, int at, int lanes) {
    for (int half = lanes / 2; half > 0; half /= 2) {
      for (int i = at; i < at + half; i++) {
        sums[i] += sums[i + half];
      }
    }
    return sums[at];
  }
}
