package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The block types by number, and their elements. Where a kernel's type is a constant, nothing of the other types is left in what TornadoVM compiles. Inlined
 * into kernels.
 */
public final class Blocks {
  /** The number of Q8_0. */
  public static final int Q8_0 = 8;

  /** The number of Q4_0. */
  public static final int Q4_0 = 9;

  /** The number of Q4_1. */
  public static final int Q4_1 = 10;

  /** The number of Q5_0. */
  public static final int Q5_0 = 11;

  /** The number of Q5_1. */
  public static final int Q5_1 = 12;

  /** The number of IQ4_NL. */
  public static final int IQ4_NL = 13;

  /** The number of MXFP4. */
  public static final int MXFP4 = 14;

  /** The number of Q2_K; this type and those above it have blocks of 256 elements, the others of 32. */
  public static final int Q2_K = 16;

  /** The number of Q3_K. */
  public static final int Q3_K = 17;

  /** The number of Q4_K. */
  public static final int Q4_K = 18;

  /** The number of Q5_K. */
  public static final int Q5_K = 19;

  /** The number of Q6_K. */
  public static final int Q6_K = 20;

  /** The number of IQ4_XS. */
  public static final int IQ4_XS = 21;

  /** The number of TQ1_0. */
  public static final int TQ1_0 = 22;

  /** The number of TQ2_0. */
  public static final int TQ2_0 = 23;

  private Blocks() {}

  /** The binary logarithm of a block's elements. */
  static int shift(int type) {
    return type < Q2_K ? 5 : 8;
  }

  /** Element {@code i} of a row of blocks, of {@code bytes} each, that starts at byte {@code from}. */
  static float ofRow(int type, ByteArray w, FloatArray powers, int from, int bytes, int i) {
    int shift = shift(type);
    return value(type, w, powers, from + (i >> shift) * bytes, i & ((1 << shift) - 1));
  }

  /** Element {@code i} of the block that starts at byte {@code at}. */
  static float value(int type, ByteArray w, FloatArray powers, int at, int i) {
    float value;
    if (type < Q2_K) {
      value = small(type, w, powers, at, i);
    } else {
      value = large(type, w, powers, at, i);
    }
    return value;
  }

  private static float small(int type, ByteArray w, FloatArray powers, int at, int i) {
    float value;
    if (type == Q8_0) {
      value = SmallBlocks.q80(w, powers, at, i);
    } else if (type == Q4_0) {
      value = SmallBlocks.q40(w, powers, at, i);
    } else if (type == Q4_1) {
      value = SmallBlocks.q41(w, powers, at, i);
    } else if (type == Q5_0) {
      value = SmallBlocks.q50(w, powers, at, i);
    } else if (type == Q5_1) {
      value = SmallBlocks.q51(w, powers, at, i);
    } else if (type == IQ4_NL) {
      value = SmallBlocks.iq4nl(w, powers, at, i);
    } else {
      value = SmallBlocks.mxfp4(w, powers, at, i);
    }
    return value;
  }

  private static float large(int type, ByteArray w, FloatArray powers, int at, int i) {
    float value;
    if (type == Q2_K) {
      value = SuperBlocks.q2k(w, powers, at, i);
    } else if (type == Q3_K) {
      value = SuperBlocks.q3k(w, powers, at, i);
    } else if (type == Q4_K) {
      value = SuperBlocks.q4k(w, powers, at, i);
    } else if (type == Q5_K) {
      value = SuperBlocks.q5k(w, powers, at, i);
    } else if (type == Q6_K) {
      value = SuperBlocks.q6k(w, powers, at, i);
    } else if (type == IQ4_XS) {
      value = SuperBlocks.iq4xs(w, powers, at, i);
    } else if (type == TQ1_0) {
      value = SuperBlocks.tq1(w, powers, at, i);
    } else {
      value = SuperBlocks.tq2(w, powers, at, i);
    }
    return value;
  }
}
