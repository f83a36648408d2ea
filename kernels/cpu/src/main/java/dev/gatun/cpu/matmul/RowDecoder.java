package dev.gatun.cpu.matmul;

import java.lang.foreign.MemorySegment;

/** Turns stored weights into floats. Stateless and thread-safe; one implementation per weight type and {@link dev.gatun.cpu.op.Lanes}. */
interface RowDecoder {
  /**
   * Writes {@code count} consecutive elements of a weight row as floats.
   *
   * @param w memory that holds the row, of any byte alignment
   * @param offset byte offset in {@code w} of the first element (of its block, for a block type)
   * @param count elements; a multiple of the block size for a block type
   * @param out receives the floats
   * @param at index in {@code out} of the first one
   */
  void decode(MemorySegment w, long offset, int count, float[] out, int at);
}
