package dev.gatun.cpu.matmul;

import static dev.gatun.cpu.matmul.Wide.L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** {@link Tile} of six weight rows: 12 sums in vector registers, of which there must be 16. */
final class SixRows implements Tile {
  private static final VectorSpecies<Float> F = Wide.F;
  private static final int W = Columns.WIDTH;
  private static final int S = Block.STRIDE;

  @Override
  public int rows() {
    return 6;
  }

  @Override
  public void wide(float[] columns, int depth, float[] weights, int from, float[] sums, int at) {
    FloatVector a0 = FloatVector.fromArray(F, sums, at);
    FloatVector b0 = FloatVector.fromArray(F, sums, at + L);
    FloatVector a1 = FloatVector.fromArray(F, sums, at + W);
    FloatVector b1 = FloatVector.fromArray(F, sums, at + W + L);
    FloatVector a2 = FloatVector.fromArray(F, sums, at + 2 * W);
    FloatVector b2 = FloatVector.fromArray(F, sums, at + 2 * W + L);
    FloatVector a3 = FloatVector.fromArray(F, sums, at + 3 * W);
    FloatVector b3 = FloatVector.fromArray(F, sums, at + 3 * W + L);
    FloatVector a4 = FloatVector.fromArray(F, sums, at + 4 * W);
    FloatVector b4 = FloatVector.fromArray(F, sums, at + 4 * W + L);
    FloatVector a5 = FloatVector.fromArray(F, sums, at + 5 * W);
    FloatVector b5 = FloatVector.fromArray(F, sums, at + 5 * W + L);
    for (int i = 0; i < depth; i++) {
      FloatVector u = FloatVector.fromArray(F, columns, i * W);
      FloatVector v = FloatVector.fromArray(F, columns, i * W + L);
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
      w = FloatVector.broadcast(F, weights[from + i + 4 * S]);
      a4 = w.fma(u, a4);
      b4 = w.fma(v, b4);
      w = FloatVector.broadcast(F, weights[from + i + 5 * S]);
      a5 = w.fma(u, a5);
      b5 = w.fma(v, b5);
    }
    a0.intoArray(sums, at);
    b0.intoArray(sums, at + L);
    a1.intoArray(sums, at + W);
    b1.intoArray(sums, at + W + L);
    a2.intoArray(sums, at + 2 * W);
    b2.intoArray(sums, at + 2 * W + L);
    a3.intoArray(sums, at + 3 * W);
    b3.intoArray(sums, at + 3 * W + L);
    a4.intoArray(sums, at + 4 * W);
    b4.intoArray(sums, at + 4 * W + L);
    a5.intoArray(sums, at + 5 * W);
    b5.intoArray(sums, at + 5 * W + L);
  }

  @Override
  public void narrow(float[] columns, int depth, float[] weights, int from, float[] sums, int at) {
    FloatVector a0 = FloatVector.fromArray(F, sums, at);
    FloatVector a1 = FloatVector.fromArray(F, sums, at + W);
    FloatVector a2 = FloatVector.fromArray(F, sums, at + 2 * W);
    FloatVector a3 = FloatVector.fromArray(F, sums, at + 3 * W);
    FloatVector a4 = FloatVector.fromArray(F, sums, at + 4 * W);
    FloatVector a5 = FloatVector.fromArray(F, sums, at + 5 * W);
    for (int i = 0; i < depth; i++) {
      FloatVector u = FloatVector.fromArray(F, columns, i * L);
      a0 = u.fma(FloatVector.broadcast(F, weights[from + i]), a0);
      a1 = u.fma(FloatVector.broadcast(F, weights[from + i + S]), a1);
      a2 = u.fma(FloatVector.broadcast(F, weights[from + i + 2 * S]), a2);
      a3 = u.fma(FloatVector.broadcast(F, weights[from + i + 3 * S]), a3);
      a4 = u.fma(FloatVector.broadcast(F, weights[from + i + 4 * S]), a4);
      a5 = u.fma(FloatVector.broadcast(F, weights[from + i + 5 * S]), a5);
    }
    a0.intoArray(sums, at);
    a1.intoArray(sums, at + W);
    a2.intoArray(sums, at + 2 * W);
    a3.intoArray(sums, at + 3 * W);
    a4.intoArray(sums, at + 4 * W);
    a5.intoArray(sums, at + 5 * W);
  }
}
