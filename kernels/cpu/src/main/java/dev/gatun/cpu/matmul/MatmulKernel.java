package dev.gatun.cpu.matmul;

import dev.gatun.DType;
import dev.gatun.cpu.op.Lanes;
import java.lang.foreign.MemorySegment;

/**
 * One weight layout's inner loops for {@code y[m,n] = Σ_k x[m,k]·w[n,k]}, with x and y in F32 and each row of w stored contiguously in
 * the weight type. Stateless and thread-safe. Nothing is allocated but a thread's working memory (under 2 MB), at its
 * first calls.
 *
 * <p>A result does not depend on how [n0, n1) is split nor on what other rows of x hold. One row of x takes another path than two or more, so
 * that its last bits may differ from theirs; among two or more a row's bits do not depend on their number. NaN and infinities in x and w give a result that is not finite. Memory segments are expected to be off-heap; every access is bounds-checked.
 * All other offsets than those of converted activations, and the row strides of w, may have any alignment.
 */
public abstract class MatmulKernel {
  /**
   * The kernel for weights that lie in memory as {@code weightType} documents.
   *
   * @throws IllegalArgumentException if matmul does not take weights of that type
   */
  public static MatmulKernel of(DType weightType, Lanes lanes) {
    return switch (lanes) {
      case SCALAR -> new PanelKernel(weightType, ScalarDecoders.of(weightType), new ScalarDots());
      case VECTOR -> VectorKernels.of(weightType);
    };
  }

  /** Whether matmul takes weights of this type. */
  public static boolean takes(DType weightType) {
    return weightType != DType.I8 && weightType != DType.I32;
  }

  /**
   * Bytes that a row of k activations takes in the form {@link #activate} writes, or 0 if {@link #multiply} reads x where it lies, so that
   * {@link #activate} need not be called and {@code act} is x itself.
   */
  public abstract long activationBytes(int k);

  /** The name of the form that {@link #activate} writes: kernels of one name read each other's activations. */
  public String activationForm() {
    return "float";
  }

  /**
   * Converts rows [m0, m1) of x to the form that {@link #multiply} wants; rows may be converted by different threads. Does nothing where
   * {@link #activationBytes} is 0.
   *
   * @param x rows of k floats; row m starts at byte {@code xOffset + m·xRowBytes}
   * @param rows how many rows {@link #multiply} will be given: one may take another form than more
   * @param act receives row m at byte {@code actOffset + m·activationBytes(k)}, which begins at a multiple of 64 bytes
   */
  public abstract void activate(MemorySegment x, long xOffset, long xRowBytes, int rows, int k, MemorySegment act, long actOffset, int m0, int m1);

  /**
   * Computes y[m][n] for m in [0, rows) and n in [n0, n1).
   *
   * @param act activations; row m starts at byte {@code actOffset + m·actRowBytes}
   * @param w weights; row n starts at byte {@code wOffset + n·wRowBytes}
   * @param k elements of a row: at least 1, and a multiple of the block size for a block type
   * @param y results; y[m][n] is the float at byte {@code yOffset + m·yRowBytes + 4·n}
   */
  public abstract void multiply(MemorySegment act, long actOffset, long actRowBytes, int rows, MemorySegment w, long wOffset,
      long wRowBytes, int k, int n0, int n1, MemorySegment y, long yOffset, long yRowBytes);
}
