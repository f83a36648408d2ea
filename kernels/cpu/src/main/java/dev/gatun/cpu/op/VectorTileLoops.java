package dev.gatun.cpu.op;

import static dev.gatun.cpu.op.View.FLOAT;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The loops of {@link VectorTiles}. What a position's rows have lies side by side, {@link #WIDTH} floats from one position to the next. A lane's bits do not
 * depend on its neighbours, and every sum is one chain in ascending order.
 */
final class VectorTileLoops {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = F.length();
  private static final long STEP = 4L * LANES;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /** Rows side by side: two vectors. */
  static final int WIDTH = 2 * LANES;

  /** Bytes from one position to the next. */
  static final long NEXT = 4L * WIDTH;

  private static final float LOG2_E = (float) (1 / Math.log(2));
  private static final float LN2_HIGH = (float) Math.log(2);
  private static final float LN2_LOW = (float) (Math.log(2) - LN2_HIGH);
  private static final float ROUNDER = 0x1.8p23f;
  private static final float EXP_ZERO_BELOW = -87.33654f;
  private static final float EXP_INFINITE_ABOVE = 88.72283f;

  private VectorTileLoops() {}

  /** Scores of four keys of n elements: products with the rows whose columns follow each other from {@code qo} on. */
  static void scores(MemorySegment q, long qo, int n, MemorySegment keys, long k0, long k1, long k2, long k3, float scale, MemorySegment out, long oo) {
    NativeSegments.require(q);
    NativeSegments.require(keys);
    NativeSegments.require(out);
    FloatVector a0 = FloatVector.zero(F);
    FloatVector b0 = FloatVector.zero(F);
    FloatVector a1 = FloatVector.zero(F);
    FloatVector b1 = FloatVector.zero(F);
    FloatVector a2 = FloatVector.zero(F);
    FloatVector b2 = FloatVector.zero(F);
    FloatVector a3 = FloatVector.zero(F);
    FloatVector b3 = FloatVector.zero(F);
    for (int i = 0; i < n; i++) {
      FloatVector u = FloatVector.fromMemorySegment(F, q, qo + NEXT * i, ORDER);
      FloatVector v = FloatVector.fromMemorySegment(F, q, qo + NEXT * i + STEP, ORDER);
      FloatVector w = FloatVector.broadcast(F, keys.get(FLOAT, k0 + 4L * i));
      a0 = w.fma(u, a0);
      b0 = w.fma(v, b0);
      w = FloatVector.broadcast(F, keys.get(FLOAT, k1 + 4L * i));
      a1 = w.fma(u, a1);
      b1 = w.fma(v, b1);
      w = FloatVector.broadcast(F, keys.get(FLOAT, k2 + 4L * i));
      a2 = w.fma(u, a2);
      b2 = w.fma(v, b2);
      w = FloatVector.broadcast(F, keys.get(FLOAT, k3 + 4L * i));
      a3 = w.fma(u, a3);
      b3 = w.fma(v, b3);
    }
    a0.mul(scale).intoMemorySegment(out, oo, ORDER);
    b0.mul(scale).intoMemorySegment(out, oo + STEP, ORDER);
    a1.mul(scale).intoMemorySegment(out, oo + NEXT, ORDER);
    b1.mul(scale).intoMemorySegment(out, oo + NEXT + STEP, ORDER);
    a2.mul(scale).intoMemorySegment(out, oo + 2 * NEXT, ORDER);
    b2.mul(scale).intoMemorySegment(out, oo + 2 * NEXT + STEP, ORDER);
    a3.mul(scale).intoMemorySegment(out, oo + 3 * NEXT, ORDER);
    b3.mul(scale).intoMemorySegment(out, oo + 3 * NEXT + STEP, ORDER);
  }

  /** The largest of each row's scores, where {@code out} holds a value of each row already. */
  static void most(MemorySegment scores, long so, int count, long out) {
    NativeSegments.require(scores);
    FloatVector a = FloatVector.fromMemorySegment(F, scores, out, ORDER);
    FloatVector b = FloatVector.fromMemorySegment(F, scores, out + STEP, ORDER);
    for (int j = 0; j < count; j++) {
      a = a.max(FloatVector.fromMemorySegment(F, scores, so + NEXT * j, ORDER));
      b = b.max(FloatVector.fromMemorySegment(F, scores, so + NEXT * j + STEP, ORDER));
    }
    a.intoMemorySegment(scores, out, ORDER);
    b.intoMemorySegment(scores, out + STEP, ORDER);
  }

  /** Turns the scores of one vector of rows into {@code e^(score − shift)}, and adds those to {@code sums}. */
  static void weigh(MemorySegment scores, long so, int count, long shifts, long sums) {
    NativeSegments.require(scores);
    FloatVector shift = FloatVector.fromMemorySegment(F, scores, shifts, ORDER);
    FloatVector sum = FloatVector.fromMemorySegment(F, scores, sums, ORDER);
    for (int j = 0; j < count; j++) {
      FloatVector v = FloatVector.fromMemorySegment(F, scores, so + NEXT * j, ORDER).sub(shift);
      // As VectorRowMath.exp has it, and for the same reason written out.
      FloatVector shifted = v.fma(FloatVector.broadcast(F, LOG2_E), FloatVector.broadcast(F, ROUNDER));
      FloatVector k = shifted.sub(ROUNDER);
      FloatVector r = k.fma(FloatVector.broadcast(F, -LN2_HIGH), v);
      r = k.fma(FloatVector.broadcast(F, -LN2_LOW), r);
      FloatVector p = r.fma(FloatVector.broadcast(F, 1f / 5040), FloatVector.broadcast(F, 1f / 720));
      p = p.fma(r, FloatVector.broadcast(F, 1f / 120));
      p = p.fma(r, FloatVector.broadcast(F, 1f / 24));
      p = p.fma(r, FloatVector.broadcast(F, 1f / 6));
      p = p.fma(r, FloatVector.broadcast(F, 0.5f));
      p = p.fma(r.mul(r), r).add(1);
      FloatVector e = p.reinterpretAsInts().add(shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats().add(v.sub(v));
      e = e.blend(0f, v.lt(EXP_ZERO_BELOW)).blend(Float.POSITIVE_INFINITY, v.compare(VectorOperators.GT, EXP_INFINITE_ABOVE));
      e.intoMemorySegment(scores, so + NEXT * j, ORDER);
      sum = sum.add(e);
    }
    sum.intoMemorySegment(scores, sums, ORDER);
  }

  /** Adds two vectors of the values of positions [from, to) by their weights to the sums of four rows. */
  static void fourByTwo(MemorySegment weights, long wo, int from, int to, MemorySegment values, long vo, long stride, MemorySegment y, long yo, long row) {
    NativeSegments.require(weights);
    NativeSegments.require(values);
    NativeSegments.require(y);
    FloatVector a0 = FloatVector.fromMemorySegment(F, y, yo, ORDER);
    FloatVector b0 = FloatVector.fromMemorySegment(F, y, yo + STEP, ORDER);
    FloatVector a1 = FloatVector.fromMemorySegment(F, y, yo + row, ORDER);
    FloatVector b1 = FloatVector.fromMemorySegment(F, y, yo + row + STEP, ORDER);
    FloatVector a2 = FloatVector.fromMemorySegment(F, y, yo + 2 * row, ORDER);
    FloatVector b2 = FloatVector.fromMemorySegment(F, y, yo + 2 * row + STEP, ORDER);
    FloatVector a3 = FloatVector.fromMemorySegment(F, y, yo + 3 * row, ORDER);
    FloatVector b3 = FloatVector.fromMemorySegment(F, y, yo + 3 * row + STEP, ORDER);
    for (int j = from; j < to; j++) {
      FloatVector u = FloatVector.fromMemorySegment(F, values, vo + j * stride, ORDER);
      FloatVector v = FloatVector.fromMemorySegment(F, values, vo + j * stride + STEP, ORDER);
      FloatVector w = FloatVector.broadcast(F, weights.get(FLOAT, wo + NEXT * j));
      a0 = w.fma(u, a0);
      b0 = w.fma(v, b0);
      w = FloatVector.broadcast(F, weights.get(FLOAT, wo + NEXT * j + 4));
      a1 = w.fma(u, a1);
      b1 = w.fma(v, b1);
      w = FloatVector.broadcast(F, weights.get(FLOAT, wo + NEXT * j + 8));
      a2 = w.fma(u, a2);
      b2 = w.fma(v, b2);
      w = FloatVector.broadcast(F, weights.get(FLOAT, wo + NEXT * j + 12));
      a3 = w.fma(u, a3);
      b3 = w.fma(v, b3);
    }
    a0.intoMemorySegment(y, yo, ORDER);
    b0.intoMemorySegment(y, yo + STEP, ORDER);
    a1.intoMemorySegment(y, yo + row, ORDER);
    b1.intoMemorySegment(y, yo + row + STEP, ORDER);
    a2.intoMemorySegment(y, yo + 2 * row, ORDER);
    b2.intoMemorySegment(y, yo + 2 * row + STEP, ORDER);
    a3.intoMemorySegment(y, yo + 3 * row, ORDER);
    b3.intoMemorySegment(y, yo + 3 * row + STEP, ORDER);
  }

  /** Likewise four vectors to the sums of one row. */
  static void oneByFour(MemorySegment weights, long wo, int from, int to, MemorySegment values, long vo, long stride, MemorySegment y, long yo) {
    NativeSegments.require(weights);
    NativeSegments.require(values);
    NativeSegments.require(y);
    FloatVector a = FloatVector.fromMemorySegment(F, y, yo, ORDER);
    FloatVector b = FloatVector.fromMemorySegment(F, y, yo + STEP, ORDER);
    FloatVector c = FloatVector.fromMemorySegment(F, y, yo + 2 * STEP, ORDER);
    FloatVector d = FloatVector.fromMemorySegment(F, y, yo + 3 * STEP, ORDER);
    for (int j = from; j < to; j++) {
      FloatVector w = FloatVector.broadcast(F, weights.get(FLOAT, wo + NEXT * j));
      a = w.fma(FloatVector.fromMemorySegment(F, values, vo + j * stride, ORDER), a);
      b = w.fma(FloatVector.fromMemorySegment(F, values, vo + j * stride + STEP, ORDER), b);
      c = w.fma(FloatVector.fromMemorySegment(F, values, vo + j * stride + 2 * STEP, ORDER), c);
      d = w.fma(FloatVector.fromMemorySegment(F, values, vo + j * stride + 3 * STEP, ORDER), d);
    }
    a.intoMemorySegment(y, yo, ORDER);
    b.intoMemorySegment(y, yo + STEP, ORDER);
    c.intoMemorySegment(y, yo + 2 * STEP, ORDER);
    d.intoMemorySegment(y, yo + 3 * STEP, ORDER);
  }

  /** Likewise one vector to the sums of one row. */
  static void oneByOne(MemorySegment weights, long wo, int from, int to, MemorySegment values, long vo, long stride, MemorySegment y, long yo) {
    NativeSegments.require(weights);
    NativeSegments.require(values);
    NativeSegments.require(y);
    FloatVector a = FloatVector.fromMemorySegment(F, y, yo, ORDER);
    for (int j = from; j < to; j++) {
      FloatVector w = FloatVector.broadcast(F, weights.get(FLOAT, wo + NEXT * j));
      a = w.fma(FloatVector.fromMemorySegment(F, values, vo + j * stride, ORDER), a);
    }
    a.intoMemorySegment(y, yo, ORDER);
  }
}
