package dev.gatun.cpu.op;

import java.lang.foreign.MemorySegment;

/** Products of rows of floats with the rows of a weight of one type, as matmul makes them. */
public interface WeightProducts {
  /** Bytes that {@link #multiply} works in for so many rows of k elements, 64-byte aligned. */
  long workBytes(int rows, int k);

  /** {@code y[m][n] = Σ_k x[m][k]·w[n][k]} for {@code rows} rows of x and {@code n} rows of w; strides are in bytes. */
  void multiply(MemorySegment x, long xo, long xRow, int rows, int k, MemorySegment w, long wo, long wRow, int n, MemorySegment y, long yo, long yRow,
      MemorySegment work, long at);
}
