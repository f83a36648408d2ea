package dev.gatun.cpu.matmul;

import static dev.gatun.cpu.matmul.Wide.L;
import static dev.gatun.cpu.matmul.Wide.LE;

import dev.gatun.cpu.op.NativeSegments;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** {@link Tile} of four weight rows, or twelve in narrow groups: 8 sums in registers, where there are 16 of them. */
final class FourRows implements Tile {
  private static final VectorSpecies<Float> F = Wide.F;
  private static final int W = Columns.WIDTH;
  private static final int S = Block.STRIDE;

  @Override
  public int rows() {
    return 4;
  }

  @Override
  public int narrowRows() {
    return 12;
  }

  @Override
  public void wide(MemorySegment columns, long first, int depth, float[] weights, int from, float[] sums, int at) {
    NativeSegments.require(columns);
    FloatVector a0 = FloatVector.fromArray(F, sums, at);
    FloatVector b0 = FloatVector.fromArray(F, sums, at + L);
    FloatVector a1 = FloatVector.fromArray(F, sums, at + W);
    FloatVector b1 = FloatVector.fromArray(F, sums, at + W + L);
    FloatVector a2 = FloatVector.fromArray(F, sums, at + 2 * W);
    FloatVector b2 = FloatVector.fromArray(F, sums, at + 2 * W + L);
    FloatVector a3 = FloatVector.fromArray(F, sums, at + 3 * W);
    FloatVector b3 = FloatVector.fromArray(F, sums, at + 3 * W + L);
    for (int i = 0; i < depth; i++) {
      FloatVector u = FloatVector.fromMemorySegment(F, columns, first + 4L * W * i, LE);
      FloatVector v = FloatVector.fromMemorySegment(F, columns, first + 4L * W * i + 4L * L, LE);
      FloatVector w = FloatVector.broadcast(F, weights[from + i]);
      a0 = w.fma(u, a0);
      b0 = w.fma(v, b0);
      w = FloatVector.broadcast(F, weights[from + i + S]);
      a1 = w.fma(u, a1);
      b1 = w.fma(v, b1);
      w = FloatVector.broadcast(F, weights[from + i + 2 * S]);
      a2 = w.fma(u, a2);
      b2 = w.fma(v, b2);
      w = FloatVector.broadcast(F, weights[from + i + 3 * S]);
      a3 = w.fma(u, a3);
      b3 = w.fma(v, b3);
    }
    a0.intoArray(sums, at);
    b0.intoArray(sums, at + L);
    a1.intoArray(sums, at + W);
    b1.intoArray(sums, at + W + L);
    a2.intoArray(sums, at + 2 * W);
    b2.intoArray(sums, at + 2 * W + L);
    a3.intoArray(sums, at + 3 * W);
    b3.intoArray(sums, at + 3 * W + L);
  }

  @Override
  public void narrow(MemorySegment columns, long first, int depth, float[] weights, int from, float[] sums, int at) {
    NativeSegments.require(columns);
    FloatVector a0 = FloatVector.fromArray(F, sums, at);
    FloatVector a1 = FloatVector.fromArray(F, sums, at + W);
    FloatVector a2 = FloatVector.fromArray(F, sums, at + 2 * W);
    FloatVector a3 = FloatVector.fromArray(F, sums, at + 3 * W);
    FloatVector a4 = FloatVector.fromArray(F, sums, at + 4 * W);
    FloatVector a5 = FloatVector.fromArray(F, sums, at + 5 * W);
    FloatVector a6 = FloatVector.fromArray(F, sums, at + 6 * W);
    FloatVector a7 = FloatVector.fromArray(F, sums, at + 7 * W);
    FloatVector a8 = FloatVector.fromArray(F, sums, at + 8 * W);
    FloatVector a9 = FloatVector.fromArray(F, sums, at + 9 * W);
    FloatVector a10 = FloatVector.fromArray(F, sums, at + 10 * W);
    FloatVector a11 = FloatVector.fromArray(F, sums, at + 11 * W);
    for (int i = 0; i < depth; i++) {
      FloatVector u = FloatVector.fromMemorySegment(F, columns, first + 4L * L * i, LE);
      a0 = u.fma(FloatVector.broadcast(F, weights[from + i]), a0);
      a1 = u.fma(FloatVector.broadcast(F, weights[from + i + S]), a1);
      a2 = u.fma(FloatVector.broadcast(F, weights[from + i + 2 * S]), a2);
      a3 = u.fma(FloatVector.broadcast(F, weights[from + i + 3 * S]), a3);
      a4 = u.fma(FloatVector.broadcast(F, weights[from + i + 4 * S]), a4);
      a5 = u.fma(FloatVector.broadcast(F, weights[from + i + 5 * S]), a5);
      a6 = u.fma(FloatVector.broadcast(F, weights[from + i + 6 * S]), a6);
      a7 = u.fma(FloatVector.broadcast(F, weights[from + i + 7 * S]), a7);
      a8 = u.fma(FloatVector.broadcast(F, weights[from + i + 8 * S]), a8);
      a9 = u.fma(FloatVector.broadcast(F, weights[from + i + 9 * S]), a9);
      a10 = u.fma(FloatVector.broadcast(F, weights[from + i + 10 * S]), a10);
      a11 = u.fma(FloatVector.broadcast(F, weights[from + i + 11 * S]), a11);
    }
    a0.intoArray(sums, at);
    a1.intoArray(sums, at + W);
    a2.intoArray(sums, at + 2 * W);
    a3.intoArray(sums, at + 3 * W);
    a4.intoArray(sums, at + 4 * W);
    a5.intoArray(sums, at + 5 * W);
    a6.intoArray(sums, at + 6 * W);
    a7.intoArray(sums, at + 7 * W);
    a8.intoArray(sums, at + 8 * W);
    a9.intoArray(sums, at + 9 * W);
    a10.intoArray(sums, at + 10 * W);
    a11.intoArray(sums, at + 11 * W);
  }
}
