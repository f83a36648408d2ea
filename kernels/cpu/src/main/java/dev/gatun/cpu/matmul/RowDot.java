package dev.gatun.cpu.matmul;

import java.lang.foreign.MemorySegment;

/**
 * The dot product of one stored weight row with one activation row, without decoding the weights to memory first: one activation row's
 * form of matmul, where weights must stream at the speed of memory. One row is read at a time, front to back: two or four rows side by side
 * fell from 22 to 5 and 3 GB/s.
 */
interface RowDot {
  /**
   * The dot product of the row at byte {@code offset} of {@code w}.
   *
   * @param x k activations
   * @param sums of activations, times the constant that the type's weights are offset by: of x[32b + j] and x[32b + 16 + j] at 16b + j for
   *     the types with blocks of 32
   * @param scratch room for a row's scales
   */
  float dot(MemorySegment w, long offset, int k, float[] x, float[] sums, float[] scratch);
}
