package dev.gatun.cpu.matmul;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A thread's working memory for {@link ColumnKernel}: a block of decoded weights, the activations that meet it, and the sums of their
 * products.
 */
final class Block {
  /** Elements of a row decoded at a time. Every block size divides it. */
  static final int DEPTH = 512;
  /** Elements of a row multiplied at a time: a group of activations that deep stays in the first-level cache. */
  static final int HALF = DEPTH / 2;
  /** From one decoded row to the next; not a power of two, or rows that are read side by side would share few sets of the cache. */
  static final int STRIDE = DEPTH + 16;
  /** Weight rows that activations, once in the first-level cache, meet there; their decoded piece stays in the second. */
  static final int ROWS = 128;
  /** Activation rows at a time. */
  static final int BATCH = 512;

  private static final ThreadLocal<Block> OF_THREAD = ThreadLocal.withInitial(Block::new);

  /** Rows of weights as floats, with room for a last tile that is not full. */
  final float[] weights = new float[(ROWS + Tile.MOST) * STRIDE];
  /** Activations that do not fill whole vectors where they lie. */
  final MemorySegment columns = Arena.ofAuto().allocate(4L * DEPTH * Columns.WIDTH, 64);
  final float[] narrow = new float[(DEPTH + 1) * Columns.WIDTH];
  final float[] row = new float[ROWS];
  /** For each group of activation rows, for each weight row, a sum for each row of the group. */
  private float[] sums = new float[0];

  private Block() {}

  static Block ofThread() {
    return OF_THREAD.get();
  }

  float[] sums(int count) {
    if (sums.length < count) {
      sums = new float[count];
    }
    return sums;
  }
}
