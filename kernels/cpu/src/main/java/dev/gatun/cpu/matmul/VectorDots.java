package dev.gatun.cpu.matmul;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** {@link Dots} on the Vector API: sixteen accumulators, four weight registers and one activation register. */
final class VectorDots implements Dots {
  private static final VectorSpecies<Float> F = Wide.F;
  private static final int L = Wide.L;
  private static final ByteOrder LE = Wide.LE;
  private static final int D = Panel.DEPTH;

  @Override
  public int lanes() {
    return L;
  }

  @Override
  public void tile(MemorySegment x, long offset, long rowBytes, int count, float[] panel, float[] sums, int at) {
    FloatVector a00 = load(sums, at, 0);
    FloatVector a01 = load(sums, at, 1);
    FloatVector a02 = load(sums, at, 2);
    FloatVector a03 = load(sums, at, 3);
    FloatVector a10 = load(sums, at, 4);
    FloatVector a11 = load(sums, at, 5);
    FloatVector a12 = load(sums, at, 6);
    FloatVector a13 = load(sums, at, 7);
    FloatVector a20 = load(sums, at, 8);
    FloatVector a21 = load(sums, at, 9);
    FloatVector a22 = load(sums, at, 10);
    FloatVector a23 = load(sums, at, 11);
    FloatVector a30 = load(sums, at, 12);
    FloatVector a31 = load(sums, at, 13);
    FloatVector a32 = load(sums, at, 14);
    FloatVector a33 = load(sums, at, 15);
    for (int i = 0; i < count; i += L) {
      FloatVector w0 = FloatVector.fromArray(F, panel, i);
      FloatVector w1 = FloatVector.fromArray(F, panel, i + D);
      FloatVector w2 = FloatVector.fromArray(F, panel, i + 2 * D);
      FloatVector w3 = FloatVector.fromArray(F, panel, i + 3 * D);
      long o = offset + 4L * i;
      FloatVector v = FloatVector.fromMemorySegment(F, x, o, LE);
      a00 = v.fma(w0, a00);
      a01 = v.fma(w1, a01);
      a02 = v.fma(w2, a02);
      a03 = v.fma(w3, a03);
      v = FloatVector.fromMemorySegment(F, x, o + rowBytes, LE);
      a10 = v.fma(w0, a10);
      a11 = v.fma(w1, a11);
      a12 = v.fma(w2, a12);
      a13 = v.fma(w3, a13);
      v = FloatVector.fromMemorySegment(F, x, o + 2 * rowBytes, LE);
      a20 = v.fma(w0, a20);
      a21 = v.fma(w1, a21);
      a22 = v.fma(w2, a22);
      a23 = v.fma(w3, a23);
      v = FloatVector.fromMemorySegment(F, x, o + 3 * rowBytes, LE);
      a30 = v.fma(w0, a30);
      a31 = v.fma(w1, a31);
      a32 = v.fma(w2, a32);
      a33 = v.fma(w3, a33);
    }
    a00.intoArray(sums, at);
    a01.intoArray(sums, at + L);
    a02.intoArray(sums, at + 2 * L);
    a03.intoArray(sums, at + 3 * L);
    a10.intoArray(sums, at + 4 * L);
    a11.intoArray(sums, at + 5 * L);
    a12.intoArray(sums, at + 6 * L);
    a13.intoArray(sums, at + 7 * L);
    a20.intoArray(sums, at + 8 * L);
    a21.intoArray(sums, at + 9 * L);
    a22.intoArray(sums, at + 10 * L);
    a23.intoArray(sums, at + 11 * L);
    a30.intoArray(sums, at + 12 * L);
    a31.intoArray(sums, at + 13 * L);
    a32.intoArray(sums, at + 14 * L);
    a33.intoArray(sums, at + 15 * L);
  }

  @Override
  public void row(MemorySegment x, long offset, int count, float[] panel, float[] sums, int at) {
    FloatVector a0 = load(sums, at, 0);
    FloatVector a1 = load(sums, at, 1);
    FloatVector a2 = load(sums, at, 2);
    FloatVector a3 = load(sums, at, 3);
    for (int i = 0; i < count; i += L) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, offset + 4L * i, LE);
      a0 = v.fma(FloatVector.fromArray(F, panel, i), a0);
      a1 = v.fma(FloatVector.fromArray(F, panel, i + D), a1);
      a2 = v.fma(FloatVector.fromArray(F, panel, i + 2 * D), a2);
      a3 = v.fma(FloatVector.fromArray(F, panel, i + 3 * D), a3);
    }
    a0.intoArray(sums, at);
    a1.intoArray(sums, at + L);
    a2.intoArray(sums, at + 2 * L);
    a3.intoArray(sums, at + 3 * L);
  }

  private static FloatVector load(float[] sums, int at, int output) {
    return FloatVector.fromArray(F, sums, at + output * L);
  }
}
