package dev.gatun.cpu.op;

import static dev.gatun.cpu.op.View.FLOAT;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Weighted sums of rows, kept in registers over all rows; each element is added to in the rows' order. */
final class VectorSums {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();
  private static final long STEP = 4L * LANES;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private VectorSums() {}

  private static FloatVector load(MemorySegment memory, long at) {
    return FloatVector.fromMemorySegment(SPECIES, memory, at, ORDER);
  }

  private static FloatVector weight(MemorySegment p, long at) {
    return FloatVector.broadcast(SPECIES, p.get(FLOAT, at));
  }

  static void twoRows(MemorySegment p, long po, long pStride, int count, MemorySegment rows, long ro, long stride, MemorySegment y, long yo,
      long yStride, int n) {
    int i = 0;
    for (; i <= n - 4 * LANES; i += 4 * LANES) {
      twoByFour(p, po, po + pStride, count, rows, ro + 4L * i, stride, y, yo + 4L * i, yo + yStride + 4L * i);
    }
    oneRow(p, po, count, rows, ro, stride, y, yo, n, i);
    oneRow(p, po + pStride, count, rows, ro, stride, y, yo + yStride, n, i);
  }

  /** From element {@code from} on. */
  static void oneRow(MemorySegment p, long po, int count, MemorySegment rows, long ro, long stride, MemorySegment y, long yo, int n, int from) {
    int i = from;
    for (; i <= n - 4 * LANES; i += 4 * LANES) {
      oneByFour(p, po, count, rows, ro + 4L * i, stride, y, yo + 4L * i);
    }
    for (; i <= n - LANES; i += LANES) {
      one(p, po, count, rows, ro + 4L * i, stride, y, yo + 4L * i);
    }
    for (; i < n; i++) {
      float sum = y.get(FLOAT, yo + 4L * i);
      for (int j = 0; j < count; j++) {
        sum += p.get(FLOAT, po + 4L * j) * rows.get(FLOAT, ro + j * stride + 4L * i);
      }
      y.set(FLOAT, yo + 4L * i, sum);
    }
  }

  private static void one(MemorySegment p, long po, int count, MemorySegment rows, long ro, long stride, MemorySegment y, long yo) {
    FloatVector sum = load(y, yo);
    for (int j = 0; j < count; j++) {
      sum = weight(p, po + 4L * j).fma(load(rows, ro + j * stride), sum);
    }
    sum.intoMemorySegment(y, yo, ORDER);
  }

  private static void oneByFour(MemorySegment p, long po, int count, MemorySegment rows, long ro, long stride, MemorySegment y, long yo) {
    FloatVector s0 = load(y, yo);
    FloatVector s1 = load(y, yo + STEP);
    FloatVector s2 = load(y, yo + 2 * STEP);
    FloatVector s3 = load(y, yo + 3 * STEP);
    for (int j = 0; j < count; j++) {
      FloatVector v = weight(p, po + 4L * j);
      long row = ro + j * stride;
      s0 = v.fma(load(rows, row), s0);
      s1 = v.fma(load(rows, row + STEP), s1);
      s2 = v.fma(load(rows, row + 2 * STEP), s2);
      s3 = v.fma(load(rows, row + 3 * STEP), s3);
    }
    s0.intoMemorySegment(y, yo, ORDER);
    s1.intoMemorySegment(y, yo + STEP, ORDER);
    s2.intoMemorySegment(y, yo + 2 * STEP, ORDER);
    s3.intoMemorySegment(y, yo + 3 * STEP, ORDER);
  }

  private static void twoByFour(MemorySegment p, long p0, long p1, int count, MemorySegment rows, long ro, long stride, MemorySegment y, long y0,
      long y1) {
    FloatVector s0 = load(y, y0);
    FloatVector s1 = load(y, y0 + STEP);
    FloatVector s2 = load(y, y0 + 2 * STEP);
    FloatVector s3 = load(y, y0 + 3 * STEP);
    FloatVector t0 = load(y, y1);
    FloatVector t1 = load(y, y1 + STEP);
    FloatVector t2 = load(y, y1 + 2 * STEP);
    FloatVector t3 = load(y, y1 + 3 * STEP);
    for (int j = 0; j < count; j++) {
      FloatVector v = weight(p, p0 + 4L * j);
      FloatVector w = weight(p, p1 + 4L * j);
      long row = ro + j * stride;
      FloatVector r0 = load(rows, row);
      s0 = v.fma(r0, s0);
      t0 = w.fma(r0, t0);
      FloatVector r1 = load(rows, row + STEP);
      s1 = v.fma(r1, s1);
      t1 = w.fma(r1, t1);
      FloatVector r2 = load(rows, row + 2 * STEP);
      s2 = v.fma(r2, s2);
      t2 = w.fma(r2, t2);
      FloatVector r3 = load(rows, row + 3 * STEP);
      s3 = v.fma(r3, s3);
      t3 = w.fma(r3, t3);
    }
    s0.intoMemorySegment(y, y0, ORDER);
    s1.intoMemorySegment(y, y0 + STEP, ORDER);
    s2.intoMemorySegment(y, y0 + 2 * STEP, ORDER);
    s3.intoMemorySegment(y, y0 + 3 * STEP, ORDER);
    t0.intoMemorySegment(y, y1, ORDER);
    t1.intoMemorySegment(y, y1 + STEP, ORDER);
    t2.intoMemorySegment(y, y1 + 2 * STEP, ORDER);
    t3.intoMemorySegment(y, y1 + 3 * STEP, ORDER);
  }
}
