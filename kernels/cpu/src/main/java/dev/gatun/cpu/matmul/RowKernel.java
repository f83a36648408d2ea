package dev.gatun.cpu.matmul;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.gatun.DType;
import java.lang.foreign.MemorySegment;

/** Matmul that takes one activation row by a {@link RowDot} and more of them by a {@link PanelKernel}. */
final class RowKernel extends MatmulKernel {
  private final DType type;
  private final RowDot one;
  private final MatmulKernel many;

  RowKernel(DType type, RowDot one, MatmulKernel many) {
    this.type = type;
    this.one = one;
    this.many = many;
  }

  @Override
  public String activationForm() {
    return many.activationForm();
  }

  @Override
  public long activationBytes(int k) {
    return many.activationBytes(k);
  }

  @Override
  public void activate(MemorySegment x, long xOffset, long xRowBytes, int rows, int k, MemorySegment act, long actOffset, int m0, int m1) {
    many.activate(x, xOffset, xRowBytes, rows, k, act, actOffset, m0, m1);
  }

  @Override
  public void multiply(MemorySegment act, long actOffset, long actRowBytes, int rows, MemorySegment w, long wOffset, long wRowBytes,
      int k, int n0, int n1, MemorySegment y, long yOffset, long yRowBytes) {
    if (rows != 1) {
      many.multiply(act, actOffset, actRowBytes, rows, w, wOffset, wRowBytes, k, n0, n1, y, yOffset, yRowBytes);
      return;
    }
    Panel panel = Panel.ofThread();
    float[] x = panel.activations(k);
    MemorySegment.copy(act, JAVA_FLOAT_UNALIGNED, actOffset, x, 0, k);
    float[] sums = panel.pairs;
    switch (type) {
      case Q8_0, F32, F16, BF16, Q2_K, Q3_K, IQ4_NL, IQ4_XS, MXFP4, TQ1_0, TQ2_0 -> { }
      case Q4_0 -> pairs(x, k, -8, sums);
      case Q5_0 -> pairs(x, k, -16, sums);
      default -> pairs(x, k, 1, sums);
    }
    for (int n = n0; n < n1; n++) {
      y.set(JAVA_FLOAT_UNALIGNED, yOffset + 4L * n, one.dot(w, wOffset + n * wRowBytes, k, x, sums, panel.sums));
    }
  }

  private static void pairs(float[] x, int k, float factor, float[] sums) {
    for (int b = 0; b < k; b += 32) {
      for (int j = 0; j < 16; j++) {
        sums[b / 2 + j] = factor * (x[b + j] + x[b + 16 + j]);
      }
    }
  }
}
