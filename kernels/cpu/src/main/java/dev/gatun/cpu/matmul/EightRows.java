package dev.gatun.cpu.matmul;

import static dev.gatun.cpu.matmul.Wide.L;
import static dev.gatun.cpu.matmul.Wide.LE;

import dev.gatun.cpu.op.NativeSegments;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** {@link Tile} of eight weight rows, or six beside four vectors: up to 24 sums in registers, where there are 32 of them. */
final class EightRows implements Tile {
  private static final VectorSpecies<Float> F = Wide.F;
  private static final int S = Block.STRIDE;

  @Override
  public int rows(int vectors) {
    return vectors == 4 ? 6 : 8;
  }

  @Override
  public void multiply(int vectors, MemorySegment columns, long first, int depth, float[] weights, int from, float[] sums, int at) {
    switch (vectors) {
      case 1 -> one(columns, first, depth, weights, from, sums, at);
      case 2 -> two(columns, first, depth, weights, from, sums, at);
      default -> four(columns, first, depth, weights, from, sums, at);
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
    }
    a0.intoArray(sums, at);
    a1.intoArray(sums, at + L);
    a2.intoArray(sums, at + 2 * L);
    a3.intoArray(sums, at + 3 * L);
    a4.intoArray(sums, at + 4 * L);
    a5.intoArray(sums, at + 5 * L);
    a6.intoArray(sums, at + 6 * L);
    a7.intoArray(sums, at + 7 * L);
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
    FloatVector a4 = FloatVector.fromArray(F, sums, at + 8 * L);
    FloatVector b4 = FloatVector.fromArray(F, sums, at + 9 * L);
    FloatVector a5 = FloatVector.fromArray(F, sums, at + 10 * L);
    FloatVector b5 = FloatVector.fromArray(F, sums, at + 11 * L);
    FloatVector a6 = FloatVector.fromArray(F, sums, at + 12 * L);
    FloatVector b6 = FloatVector.fromArray(F, sums, at + 13 * L);
    FloatVector a7 = FloatVector.fromArray(F, sums, at + 14 * L);
    FloatVector b7 = FloatVector.fromArray(F, sums, at + 15 * L);
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
      w = FloatVector.broadcast(F, weights[from + i + 4 * S]);
      a4 = w.fma(x, a4);
      b4 = w.fma(y, b4);
      w = FloatVector.broadcast(F, weights[from + i + 5 * S]);
      a5 = w.fma(x, a5);
      b5 = w.fma(y, b5);
      w = FloatVector.broadcast(F, weights[from + i + 6 * S]);
      a6 = w.fma(x, a6);
      b6 = w.fma(y, b6);
      w = FloatVector.broadcast(F, weights[from + i + 7 * S]);
      a7 = w.fma(x, a7);
      b7 = w.fma(y, b7);
    }
    a0.intoArray(sums, at);
    b0.intoArray(sums, at + L);
    a1.intoArray(sums, at + 2 * L);
    b1.intoArray(sums, at + 3 * L);
    a2.intoArray(sums, at + 4 * L);
    b2.intoArray(sums, at + 5 * L);
    a3.intoArray(sums, at + 6 * L);
    b3.intoArray(sums, at + 7 * L);
    a4.intoArray(sums, at + 8 * L);
    b4.intoArray(sums, at + 9 * L);
    a5.intoArray(sums, at + 10 * L);
    b5.intoArray(sums, at + 11 * L);
    a6.intoArray(sums, at + 12 * L);
    b6.intoArray(sums, at + 13 * L);
    a7.intoArray(sums, at + 14 * L);
    b7.intoArray(sums, at + 15 * L);
  }

  private static void four(MemorySegment columns, long first, int depth, float[] weights, int from, float[] sums, int at) {
    NativeSegments.require(columns);
    FloatVector a0 = FloatVector.fromArray(F, sums, at);
    FloatVector b0 = FloatVector.fromArray(F, sums, at + L);
    FloatVector c0 = FloatVector.fromArray(F, sums, at + 2 * L);
    FloatVector d0 = FloatVector.fromArray(F, sums, at + 3 * L);
    FloatVector a1 = FloatVector.fromArray(F, sums, at + 4 * L);
    FloatVector b1 = FloatVector.fromArray(F, sums, at + 5 * L);
    FloatVector c1 = FloatVector.fromArray(F, sums, at + 6 * L);
    FloatVector d1 = FloatVector.fromArray(F, sums, at + 7 * L);
    FloatVector a2 = FloatVector.fromArray(F, sums, at + 8 * L);
    FloatVector b2 = FloatVector.fromArray(F, sums, at + 9 * L);
    FloatVector c2 = FloatVector.fromArray(F, sums, at + 10 * L);
    FloatVector d2 = FloatVector.fromArray(F, sums, at + 11 * L);
    FloatVector a3 = FloatVector.fromArray(F, sums, at + 12 * L);
    FloatVector b3 = FloatVector.fromArray(F, sums, at + 13 * L);
    FloatVector c3 = FloatVector.fromArray(F, sums, at + 14 * L);
    FloatVector d3 = FloatVector.fromArray(F, sums, at + 15 * L);
    FloatVector a4 = FloatVector.fromArray(F, sums, at + 16 * L);
    FloatVector b4 = FloatVector.fromArray(F, sums, at + 17 * L);
    FloatVector c4 = FloatVector.fromArray(F, sums, at + 18 * L);
    FloatVector d4 = FloatVector.fromArray(F, sums, at + 19 * L);
    FloatVector a5 = FloatVector.fromArray(F, sums, at + 20 * L);
    FloatVector b5 = FloatVector.fromArray(F, sums, at + 21 * L);
    FloatVector c5 = FloatVector.fromArray(F, sums, at + 22 * L);
    FloatVector d5 = FloatVector.fromArray(F, sums, at + 23 * L);
    for (int i = 0; i < depth; i++) {
      FloatVector x = FloatVector.fromMemorySegment(F, columns, first + 16L * L * i, LE);
      FloatVector y = FloatVector.fromMemorySegment(F, columns, first + 16L * L * i + 4L * L, LE);
      FloatVector z = FloatVector.fromMemorySegment(F, columns, first + 16L * L * i + 8L * L, LE);
      FloatVector v = FloatVector.fromMemorySegment(F, columns, first + 16L * L * i + 12L * L, LE);
      FloatVector w = FloatVector.broadcast(F, weights[from + i]);
      a0 = w.fma(x, a0);
      b0 = w.fma(y, b0);
      c0 = w.fma(z, c0);
      d0 = w.fma(v, d0);
      w = FloatVector.broadcast(F, weights[from + i + S]);
      a1 = w.fma(x, a1);
      b1 = w.fma(y, b1);
      c1 = w.fma(z, c1);
      d1 = w.fma(v, d1);
      w = FloatVector.broadcast(F, weights[from + i + 2 * S]);
      a2 = w.fma(x, a2);
      b2 = w.fma(y, b2);
      c2 = w.fma(z, c2);
      d2 = w.fma(v, d2);
      w = FloatVector.broadcast(F, weights[from + i + 3 * S]);
      a3 = w.fma(x, a3);
      b3 = w.fma(y, b3);
      c3 = w.fma(z, c3);
      d3 = w.fma(v, d3);
      w = FloatVector.broadcast(F, weights[from + i + 4 * S]);
      a4 = w.fma(x, a4);
      b4 = w.fma(y, b4);
      c4 = w.fma(z, c4);
      d4 = w.fma(v, d4);
      w = FloatVector.broadcast(F, weights[from + i + 5 * S]);
      a5 = w.fma(x, a5);
      b5 = w.fma(y, b5);
      c5 = w.fma(z, c5);
      d5 = w.fma(v, d5);
    }
    a0.intoArray(sums, at);
    b0.intoArray(sums, at + L);
    c0.intoArray(sums, at + 2 * L);
    d0.intoArray(sums, at + 3 * L);
    a1.intoArray(sums, at + 4 * L);
    b1.intoArray(sums, at + 5 * L);
    c1.intoArray(sums, at + 6 * L);
    d1.intoArray(sums, at + 7 * L);
    a2.intoArray(sums, at + 8 * L);
    b2.intoArray(sums, at + 9 * L);
    c2.intoArray(sums, at + 10 * L);
    d2.intoArray(sums, at + 11 * L);
    a3.intoArray(sums, at + 12 * L);
    b3.intoArray(sums, at + 13 * L);
    c3.intoArray(sums, at + 14 * L);
    d3.intoArray(sums, at + 15 * L);
    a4.intoArray(sums, at + 16 * L);
    b4.intoArray(sums, at + 17 * L);
    c4.intoArray(sums, at + 18 * L);
    d4.intoArray(sums, at + 19 * L);
    a5.intoArray(sums, at + 20 * L);
    b5.intoArray(sums, at + 21 * L);
    c5.intoArray(sums, at + 22 * L);
    d5.intoArray(sums, at + 23 * L);
  }
}
