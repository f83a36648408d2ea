package dev.gatun.cpu;

import dev.gatun.cpu.matmul.MatmulKernel;
import dev.gatun.cpu.op.WeightProducts;
import java.lang.foreign.MemorySegment;

/** A matmul's kernel, for operators that multiply by weights among other things. */
record KernelProducts(MatmulKernel kernel) implements WeightProducts {
  @Override
  public long workBytes(int rows, int k) {
    return rows * kernel.activationBytes(k);
  }

  @Override
  public void multiply(MemorySegment x, long xo, long xRow, int rows, int k, MemorySegment w, long wo, long wRow, int n, MemorySegment y, long yo, long yRow,
      MemorySegment work, long at) {
    long row = kernel.activationBytes(k);
    if (row == 0) {
      kernel.multiply(x, xo, xRow, rows, w, wo, wRow, k, 0, n, y, yo, yRow);
    } else {
      kernel.activate(x, xo, xRow, rows, k, work, at, 0, rows);
      kernel.multiply(work, at, row, rows, w, wo, wRow, k, 0, n, y, yo, yRow);
    }
  }
}
