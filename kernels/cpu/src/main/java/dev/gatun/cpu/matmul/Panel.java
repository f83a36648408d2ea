package dev.gatun.cpu.matmul;

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
  final float[] mins = new float[Block.DEPTH / 16];
  final float[] tails = new float[BATCH * ROWS];
  /** Pieces of activation rows, and the same column by column. */
  final float[] piece = new float[Columns.PIECE];
  final float[] turned = new float[Columns.PIECE];

  /** One activation row, and sums of it as {@link RowDot} describes; they grow to the longest row seen. */
  private float[] scales = new float[DEPTH];
  private float[] activations = new float[2 * DEPTH];
  float[] pairs = new float[DEPTH];

  private RoundedRow rounded = new RoundedRow(0);

  RoundedRow rounded(int k) {
    if (rounded.codes.length < k) {
      rounded = new RoundedRow(k);
    }
    return rounded;
  }

  static Panel ofThread() {
    return OF_THREAD.get();
  }

  float[] scales(int count) {
    if (scales.length < count) {
      scales = new float[count];
    }
    return scales;
  }

  float[] activations(int k) {
    if (activations.length < k) {
      activations = new float[k];
      pairs = new float[k / 2];
    }
    return activations;
  }
}
