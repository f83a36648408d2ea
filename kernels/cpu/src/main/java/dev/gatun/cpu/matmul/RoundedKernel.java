package dev.gatun.cpu.matmul;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** Matmul on the K-quants that takes one activation row in integers and more of them in floats. */
final class RoundedKernel extends MatmulKernel {
  private final RoundedK form;
  private final KDot one;
  private final MatmulKernel many;

  /** The dot product of a stored weight row with an activation row. */
  interface KDot {
    float dot(MemorySegment w, long offset, int k, KRow x);
  }

  RoundedKernel(RoundedK form, KDot one, MatmulKernel many) {
    this.form = form;
    this.one = one;
    this.many = many;
  }

  @Override
  public String activationForm() {
    return form.name();
  }

  @Override
  public long activationBytes(int k) {
    return many.activationBytes(k);
  }

  @Override
  public void activate(MemorySegment x, long xOffset, long xRowBytes, int rows, int k, MemorySegment act, long actOffset, int m0, int m1) {
    if (rows == 1) {
      form.write(x, xOffset, k, act, actOffset);
    } else {
      many.activate(x, xOffset, xRowBytes, rows, k, act, actOffset, m0, m1);
    }
  }

  @Override
  public void multiply(MemorySegment act, long actOffset, long actRowBytes, int rows, MemorySegment w, long wOffset, long wRowBytes,
      int k, int n0, int n1, MemorySegment y, long yOffset, long yRowBytes) {
    if (rows != 1) {
      many.multiply(act, actOffset, actRowBytes, rows, w, wOffset, wRowBytes, k, n0, n1, y, yOffset, yRowBytes);
      return;
    }
    KRow x = KRow.ofThread(k);
    MemorySegment.copy(act, JAVA_SHORT_UNALIGNED, actOffset, x.codes, 0, k);
    MemorySegment.copy(act, JAVA_FLOAT_UNALIGNED, actOffset + RoundedK.terms(k), x.terms, 0, k / 8);
    for (int n = n0; n < n1; n++) {
      y.set(JAVA_FLOAT_UNALIGNED, yOffset + 4L * n, one.dot(w, wOffset + n * wRowBytes, k, x));
    }
  }
}
