package dev.gatun.cpu.matmul;

import static dev.gatun.cpu.matmul.Wide.L;
import static dev.gatun.cpu.matmul.Wide.LE;

import dev.gatun.cpu.op.NativeSegments;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** {@link Tile} of four weight rows, or twelve in narrow groups: 8 or 12 sums in registers, where there are 16 of them. */
final class FourRows implements Tile {
  private static final VectorSpecies<Float> F = Wide.F;
  private static final int S = Block.STRIDE;

  @Override
  public int rows(int vectors) {
    return vectors == 1 ? 12 : 4;
  }

  @Override
  public void multiply(int vectors, MemorySegment columns, long first, int depth, float[] weights, int from, float[] sums, int at) {
    switch (vectors) {
      case 1 -> one(columns, first, depth, weights, from, sums, at);
      default -> two(columns, first, depth, weights, from, sums, at);
    }
  }

  private static void one(MemorySegment columns, long first, int depth, float[] weights, int from, float[] sums, int at) {
    NativeSegments.require(columns);
    FloatVector a0 = FloatVector.fromArray(F, sums, at);
    FloatVector a1 = FloatVector.fromArray(F, sums, at + L);
    FloatVector a2 = FloatVector.fromArray(F, sums, at + 2 * L);
    FloatVector a3 = FloatVector.fromArray(F, sums, at + 3 * L);
    FloatVector a4 = FloatVector.fromArray(F, sums, at + 4 * L);
    FloatVector a5 = FloatVector.fromArray(F, sums, at + 5 * L);
    FloatVector a6 = FloatVector.fromArray(F, sums, at + 6 * L);
    FloatVector a7 = FloatVector.fromArray(F, sums, at + 7 * L);
    FloatVector a8 = FloatVector.fromArray(F, sums, at + 8 * L);
    FloatVector a9 = FloatVector.fromArray(F, sums, at + 9 * L);
    FloatVector a10 = FloatVector.fromArray(F, sums, at + 10 * L);
    FloatVector a11 = FloatVector.fromArray(F, sums, at + 11 * L);
    for (int i = 0; i < depth; i++) {
      FloatVector x = FloatVector.fromMemorySegment(F, columns, first + 4L * L * i, LE);
      FloatVector w = FloatVector.broadcast(F, weights[from + i]);
      a0 = w.fma(x, a0);
      w = FloatVector.broadcast(F, weights[from + i + S]);
      a1 = w.fma(x, a1);
      w = FloatVector.broadcast(F, weights[from + i + 2 * S]);
      a2 = w.fma(x, a2);
      w = FloatVector.broadcast(F, weights[from + i + 3 * S]);
      a3 = w.fma(x, a3);
      w = FloatVector.broadcast(F, weights[from + i + 4 * S]);
      a4 = w.fma(x, a4);
      w = FloatVector.broadcast(F, weights[from + i + 5 * S]);
      a5 = w.fma(x, a5);
      w = FloatVector.broadcast(F, weights[from + i + 6 * S]);
      a6 = w.fma(x, a6);
      w = FloatVector.broadcast(F, weights[from + i + 7 * S]);
      a7 = w.fma(x, a7);
      w = FloatVector.broadcast(F, weights[from + i + 8 * S]);
      a8 = w.fma(x, a8);
      w = FloatVector.broadcast(F, weights[from + i + 9 * S]);
      a9 = w.fma(x, a9);
      w = FloatVector.broadcast(F, weights[from + i + 10 * S]);
      a10 = w.fma(x, a10);
      w = FloatVector.broadcast(F, weights[from + i + 11 * S]);
      a11 = w.fma(x, a11);
    }
    a0.intoArray(sums, at);
    a1.intoArray(sums, at + L);
    a2.intoArray(sums, at + 2 * L);
    a3.intoArray(sums, at + 3 * L);
    a4.intoArray(sums, at + 4 * L);
    a5.intoArray(sums, at + 5 * L);
    a6.intoArray(sums, at + 6 * L);
    a7.intoArray(sums, at + 7 * L);
    a8.intoArray(sums, at + 8 * L);
    a9.intoArray(sums, at + 9 * L);
    a10.intoArray(sums, at + 10 * L);
    a11.intoArray(sums, at + 11 * L);
  }

  private static void two(MemorySegment columns, long first, int depth, float[] weights, int from, float[] sums, int at) {
    NativeSegments.require(columns);
    FloatVector a0 = FloatVector.fromArray(F, sums, at);
    FloatVector b0 = FloatVector.fromArray(F, sums, at + L);
    FloatVector a1 = FloatVector.fromArray(F, sums, at + 2 * L);
    FloatVector b1 = FloatVector.fromArray(F, sums, at + 3 * L);
    FloatVector a2 = FloatVector.fromArray(F, sums, at + 4 * L);
    FloatVector b2 = FloatVector.fromArray(F, sums, at + 5 * L);
    FloatVector a3 = FloatVector.fromArray(F, sums, at + 6 * L);
    FloatVector b3 = FloatVector.fromArray(F, sums, at + 7 * L);
    for (int i = 0; i < depth; i++) {
      FloatVector x = FloatVector.fromMemorySegment(F, columns, first + 8L * L * i, LE);
      FloatVector y = FloatVector.fromMemorySegment(F, columns, first + 8L * L * i + 4L * L, LE);
      FloatVector w = FloatVector.broadcast(F, weights[from + i]);
      a0 = w.fma(x, a0);
      b0 = w.fma(y, b0);
      w = FloatVector.broadcast(F, weights[from + i + S]);
      a1 = w.fma(x, a1);
      b1 = w.fma(y, b1);
      w = FloatVector.broadcast(F, weights[from + i + 2 * S]);
      a2 = w.fma(x, a2);
      b2 = w.fma(y, b2);
      w = FloatVector.broadcast(F, weights[from + i + 3 * S]);
      a3 = w.fma(x, a3);
      b3 = w.fma(y, b3);
    }
    a0.intoArray(sums, at);
    b0.intoArray(sums, at + L);
    a1.intoArray(sums, at + 2 * L);
    b1.intoArray(sums, at + 3 * L);
    a2.intoArray(sums, at + 4 * L);
    b2.intoArray(sums, at + 5 * L);
    a3.intoArray(sums, at + 6 * L);
    b3.intoArray(sums, at + 7 * L);
  }
}
