package dev.gatun.cpu.matmul;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A thread's working memory: a piece of four weight rows as floats, and the partial sums of the outputs in flight. */
final class Panel {
  /** Weight rows decoded together. */
  static final int ROWS = 4;
  /** Elements of a row decoded at a time: four rows of them stay in the first-level cache. Every block size divides it. */
  static final int DEPTH = 1024;
  /** Activation rows that share a decoded piece. */
  static final int BATCH = 64;
  /** The widest vector served, in floats. */
  static final int WIDEST = 64;

  private static final ThreadLocal<Panel> OF_THREAD = ThreadLocal.withInitial(Panel::new);

  final float[] weights = new float[ROWS * DEPTH];
  final float[] sums = new float[BATCH * ROWS * WIDEST];
  final float[] tails = new float[BATCH * ROWS];

  /** One activation row, and sums of it as {@link RowDot} describes; they grow to the longest row seen. */
  private float[] activations = new float[2 * DEPTH];
  float[] pairs = new float[DEPTH];

  static Panel ofThread() {
    return OF_THREAD.get();
  }

  private MemorySegment aligned = MemorySegment.NULL;

  /** Off-heap room whose start is aligned to a vector: a load across two cache lines takes half as long again. */
  MemorySegment aligned(long bytes) {
    if (aligned.byteSize() < bytes) {
      aligned = Arena.ofAuto().allocate(bytes, 64);
    }
    return aligned;
  }

  float[] activations(int k) {
    if (activations.length < k) {
      activations = new float[k];
      pairs = new float[k / 2];
    }
    return activations;
  }
}
