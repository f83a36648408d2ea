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
  public long activationBytes(int k) {
    return 0;
  }

  @Override
  public void activate(MemorySegment x, long xOffset, long xRowBytes, int k, MemorySegment act, long actOffset, int m0, int m1) {
    // activations are read where they lie
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
    float[] pairs = panel.pairs;
    if (type.isBlock()) {
      float bias = bias();
      for (int b = 0; b < k; b += 32) {
        for (int j = 0; j < 16; j++) {
          pairs[b / 2 + j] = bias * (x[b + j] + x[b + 16 + j]);
        }
      }
    }
    for (int n = n0; n < n1; n++) {
      y.set(JAVA_FLOAT_UNALIGNED, yOffset + 4L * n, one.dot(w, wOffset + n * wRowBytes, k, x, pairs, panel.sums));
    }
  }

  private float bias() {
    return switch (type) {
      case Q4_0 -> -8;
      case Q5_0 -> -16;
      default -> 1;
    };
  }
}
