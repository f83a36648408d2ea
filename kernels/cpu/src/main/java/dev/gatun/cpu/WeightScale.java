package dev.gatun.cpu;

import dev.gatun.Matmul;
import dev.gatun.cpu.matmul.MatmulKernel;
import dev.gatun.cpu.op.View;
import java.lang.foreign.MemorySegment;

/**
 * What the products of a weight are multiplied by. With a number for each block, the products of one block after the other are computed by themselves,
 * multiplied and added.
 *
 * @param scale the numbers
 * @param blocks whether there is one for each block, not for each row or for all
 * @param memory where the parts of sums are kept, of as many rows and columns as the product
 * @param at where they begin
 * @param rowBytes from one row of them to the next
 */
record WeightScale(View scale, boolean blocks, MemorySegment memory, long at, long rowBytes) {
  void multiply(MatmulKernel kernel, MemorySegment x, long xOffset, long xRowBytes, int m, View w, int k, int n0, int n1, MemorySegment y, long yOffset,
      long yRowBytes) {
    if (!blocks) {
      kernel.multiply(x, xOffset, xRowBytes, m, w.memory(), w.offset(), w.strideBytes(0), k, n0, n1, y, yOffset, yRowBytes);
      boolean one = scale.size(0) == 1;
      for (int n = n0; n < n1; n++) {
        scaled(y, yOffset, yRowBytes, m, n, number(one ? 0 : 4L * n));
      }
      return;
    }
    for (int from = n0; from < n1; from = Math.min(n1, (from / Matmul.SCALED + 1) * Matmul.SCALED)) {
      int to = Math.min(n1, (from / Matmul.SCALED + 1) * Matmul.SCALED);
      for (int k0 = 0; k0 < k; k0 += Matmul.SCALED) {
        kernel.multiply(x, xOffset + 4L * k0, xRowBytes, m, w.memory(), w.offset() + k0, w.strideBytes(0), Math.min(Matmul.SCALED, k - k0), from, to, memory, at,
            rowBytes);
        float factor = number(from / Matmul.SCALED * scale.strideBytes(0) + 4L * (k0 / Matmul.SCALED));
        for (int r = 0; r < m; r++) {
          for (int n = from; n < to; n++) {
            float part = factor * memory.get(View.FLOAT, at + r * rowBytes + 4L * n);
            long there = yOffset + r * yRowBytes + 4L * n;
            y.set(View.FLOAT, there, k0 == 0 ? part : y.get(View.FLOAT, there) + part);
          }
        }
      }
    }
  }

  private float number(long offset) {
    return scale.memory().get(View.FLOAT, scale.offset() + offset);
  }

  private static void scaled(MemorySegment y, long offset, long rowBytes, int m, int n, float factor) {
    for (int r = 0; r < m; r++) {
      long at = offset + r * rowBytes + 4L * n;
      y.set(View.FLOAT, at, y.get(View.FLOAT, at) * factor);
    }
  }
}
