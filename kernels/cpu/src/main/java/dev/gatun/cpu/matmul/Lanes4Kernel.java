package dev.gatun.cpu.matmul;

import static dev.gatun.cpu.matmul.Wide.L;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Matmul on {@link Lanes4} rows. */
final class Lanes4Kernel extends MatmulKernel {
  private final MatmulKernel many = new PanelKernel(Lanes4Kernel::decode, new VectorDots());

  @Override
  public String activationForm() {
    return "lanes4";
  }

  @Override
  public long activationBytes(int k) {
    return Lanes4.activationBytes(k);
  }

  @Override
  public void activate(MemorySegment x, long xOffset, long xRowBytes, int k, MemorySegment act, long actOffset, int m0, int m1) {
    for (int m = m0; m < m1; m++) {
      Lanes4.activate(x, xOffset + m * xRowBytes, k, act, actOffset + m * activationBytes(k));
    }
  }

  @Override
  public void multiply(MemorySegment act, long actOffset, long actRowBytes, int rows, MemorySegment w, long wOffset, long wRowBytes,
      int k, int n0, int n1, MemorySegment y, long yOffset, long yRowBytes) {
    if (rows != 1) {
      many.multiply(act, actOffset, actRowBytes, rows, w, wOffset, wRowBytes, k, n0, n1, y, yOffset, yRowBytes);
      return;
    }
    Panel panel = Panel.ofThread();
    float[] x = panel.activations(k + k / 4);
    float[] scales = panel.pairs;
    MemorySegment.copy(act, JAVA_FLOAT_UNALIGNED, actOffset, x, 0, k + k / 4);
    for (int n = n0; n < n1; n++) {
      y.set(JAVA_FLOAT_UNALIGNED, yOffset + 4L * n, dot(w, wOffset + n * wRowBytes, k, x, scales));
    }
  }

  /** Weights in stored order, each divided by what its activation is multiplied by. */
  private static void decode(MemorySegment w, long offset, int k, int from, int count, float[] out, int at) {
    MemorySegment row = w.asSlice(offset, 18L * (k / 32));
    for (int g = from / Lanes4.GROUP; g < (from + count) / Lanes4.GROUP; g++) {
      for (int s = 0; s < 16; s += L) {
        FloatVector d = halves(row, 32L * g + 2 * s);
        decodeGroup(row, k / 16 + 256L * g + 2 * s, d, out, at + Lanes4.GROUP * g - from + s);
      }
    }
  }

  private static void decodeGroup(MemorySegment row, long strip, FloatVector d, float[] out, int to) {
    FloatVector fine = d.mul(0x1p-4f);
    FloatVector coarse = d.mul(0x1p-8f);
    for (int j = 0; j < 8; j++) {
      IntVector v = Wide.unsignedShorts(row, strip + 32 * j);
      Wide.toFloats(v.and(15).sub(8)).mul(fine).intoArray(out, to + 64 * j);
      Wide.toFloats(v.lanewise(VectorOperators.LSHR, 4).and(15).sub(8)).mul(coarse).intoArray(out, to + 64 * j + 16);
      Wide.toFloats(v.lanewise(VectorOperators.LSHR, 8).and(15).sub(8)).mul(fine).intoArray(out, to + 64 * j + 32);
      Wide.toFloats(v.lanewise(VectorOperators.LSHR, 12).sub(8)).mul(fine).intoArray(out, to + 64 * j + 48);
    }
  }

  /** L scales; the slow way round for infinities and NaN. */
  private static FloatVector halves(MemorySegment row, long at) {
    IntVector v = Wide.shifted(Wide.shorts(row, at));
    return Wide.rescaled(v).lanewise(VectorOperators.ADD, FloatVector.broadcast(Wide.F, Float.NaN),
        v.and(0x0f800000).eq(0x0f800000).cast(Wide.F));
  }

  private static float dot(MemorySegment w, long offset, int k, float[] x, float[] scales) {
    MemorySegment row = w.asSlice(offset, 18L * (k / 32));
    if (!scales(row, k, scales)) {
      return Float.NaN;
    }
    float sum = 0;
    for (int s = 0; s < 16; s += L) {
      sum += lanes(row, s, k, x, scales);
    }
    return sum;
  }

  /** Writes the row's scales; false if any is infinite or NaN. */
  private static boolean scales(MemorySegment row, int k, float[] scales) {
    IntVector special = IntVector.zero(Wide.I);
    for (int i = 0; i < k / 32; i += L) {
      IntVector v = Wide.shifted(Wide.shorts(row, 2L * i));
      special = special.or(v.add(0x00800000));
      Wide.rescaled(v).intoArray(scales, i);
    }
    return !Wide.any(special, 0x10000000);
  }

  /**
   * What lanes [s, s + L) of every group add to the dot product. Eight nibbles an iteration, or the conversion of scales in this loop, pass
   * C2's inlining limits: vectors are boxed and the rate falls to a quarter. A branch for what happens once a group costs more than
   * doing it in every strip, since it keeps the checks of the segment in the loop.
   */
  private static float lanes(MemorySegment row, int s, int k, float[] x, float[] scales) {
    IntVector upper = IntVector.broadcast(Wide.I, 0xf << 19);
    IntVector lower = IntVector.broadcast(Wide.I, 0xf << 15);
    IntVector one = IntVector.broadcast(Wide.I, 0x3f800000);
    int undo = k + s;
    long from = k / 16 + 2 * s;
    FloatVector a = FloatVector.zero(Wide.F);
    for (int i = 0; i < k / 64; i++) {
      IntVector v = Wide.unsignedShorts(row, from + 32L * i);
      int o = 64 * i + s;
      FloatVector t = v.lanewise(VectorOperators.LSHL, 19).and(upper).or(one).reinterpretAsFloats()
          .fma(Wide.floats(x, o), Wide.floats(x, undo + 16 * i));
      IntVector u = v.lanewise(VectorOperators.LSHL, 11);
      t = u.and(lower).or(one).reinterpretAsFloats().fma(Wide.floats(x, o + 16), t);
      t = u.and(upper).or(one).reinterpretAsFloats().fma(Wide.floats(x, o + 32), t);
      t = v.lanewise(VectorOperators.LSHL, 7).and(upper).or(one).reinterpretAsFloats().fma(Wide.floats(x, o + 48), t);
      a = t.fma(Wide.floats(scales, 16 * (i >> 3) + s), a);
    }
    return Wide.sum(a);
  }
}
