package dev.gatun.cpu.matmul;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A thread's working memory for {@link ColumnKernel}: a block of decoded weights, the activations that meet it, and the sums of their
 * products.
 */
final class Block {
  /** The most elements of a row decoded at a time. Every block size divides it, its half and {@link #SHALLOW}. */
  static final int DEPTH = 2048;
  /** Elements of a row decoded at a time where they are multiplied at once: those of a tile stay in the first-level cache. */
  static final int SHALLOW = 512;
  /** From one decoded row to the next; not a power of two, or rows that are read side by side would share few sets of the cache. */
  static final int STRIDE = DEPTH + 16;
  /** The most weight rows decoded together, a multiple of every tile's. */
  private static final int ROWS = 96;
  /** Activation rows at a time: whole groups, and no fewer than a prompt's usual piece. */
  static final int BATCH = Math.ceilDiv(512, Columns.WIDTH) * Columns.WIDTH;

  private static final ThreadLocal<Block> OF_THREAD = ThreadLocal.withInitial(Block::new);

  /** Rows of weights as floats, with room for a last tile that is not full. */
  final float[] weights = new float[(ROWS + Tile.MOST) * STRIDE];
  final float[] row = new float[ROWS];
  /** For each group of activation rows, for each weight row, a sum for each row of the group. */
  private float[] sums = new float[0];
  private float[] narrow = new float[0];
  private MemorySegment columns = MemorySegment.NULL;

  private Block() {}

  static Block ofThread() {
    return OF_THREAD.get();
  }

  /**
   * Elements of a row of {@code k} decoded at a time, and {@link #rows} of such rows: 384 KB of floats, which stay in the second-level cache
   * beside a group of activations while all groups pass by. Rows in one piece are read from memory at twice the rate of quarters of them;
   * long ones are halved so that activations, which the third-level cache holds at best, pass by half as often.
   */
  static int depth(int k) {
    return k <= DEPTH ? DEPTH : DEPTH / 2;
  }

  /** Rows decoded together of such a depth. */
  static int rows(int depth) {
    return depth == DEPTH ? ROWS / 2 : ROWS;
  }

  float[] sums(int count) {
    if (sums.length < count) {
      sums = new float[count];
    }
    return sums;
  }

  /** Activations as they lie, where they do not fill whole vectors. */
  float[] narrow(int count) {
    if (narrow.length < count) {
      narrow = new float[count];
    }
    return narrow;
  }

  /** Room for the same as whole vectors. */
  MemorySegment columns(int count) {
    if (columns.byteSize() < 4L * count) {
      columns = Arena.ofAuto().allocate(4L * count, 64);
    }
    return columns;
  }
}
