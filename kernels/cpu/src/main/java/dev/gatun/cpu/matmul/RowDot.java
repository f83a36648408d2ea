package dev.gatun.cpu.matmul;

import java.lang.foreign.MemorySegment;

/**
 * The dot product of one stored weight row with one activation row, without decoding the weights to memory first: one activation row's
 * form of matmul, where weights must stream at the speed of memory. One row is read at a time, front to back: reading two or four rows
 * side by side defeats the hardware's prefetch and fell from 22 to 5 and 3 GB/s.
 */
interface RowDot {
  /**
   * The dot product of the row at byte {@code offset} of {@code w}.
   *
   * @param x k activations
   * @param pairs for block types {@code x[32b + j] + x[32b + 16 + j]} at {@code 16b + j}, times what the row dot's table entry says: what an
   *     offset common to a block's weights multiplies
   * @param scratch room for the partial sums of one output
   */
  float dot(MemorySegment w, long offset, int k, float[] x, float[] pairs, float[] scratch);
}
