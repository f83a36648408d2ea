package dev.gatun.cpu.op;

import static dev.gatun.cpu.op.View.FLOAT;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Dot products of a row with four others at a time. A lane's sum goes to its partner at half the width, then a
 * quarter and so on; four sums fold together with half the steps of four alone, and to the same bits.
 */
final class VectorProducts {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  static final int LANES = SPECIES.length();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  static final VectorShuffle<Float> HALF = partner(LANES / 2);
  static final VectorShuffle<Float> QUARTER = partner(LANES / 4);
  static final VectorShuffle<Float> EIGHTH = partner(LANES / 8);
  static final VectorShuffle<Float> SIXTEENTH = partner(LANES / 16);
  static final VectorMask<Float> UPPER_HALF = upper(LANES / 2);
  static final VectorMask<Float> UPPER_QUARTER = upper(LANES / 4);
  private static final VectorMask<Float> FIRST_FOUR = SPECIES.indexInRange(0, 4);
  static final VectorShuffle<Float> FOLDED = VectorShuffle.fromOp(SPECIES, i -> (i & 1) * LANES / 2 + (i >> 1 & 1) * LANES / 4);

  private VectorProducts() {}

  private static VectorShuffle<Float> partner(int distance) {
    return VectorShuffle.fromOp(SPECIES, i -> i ^ distance);
  }

  private static VectorMask<Float> upper(int distance) {
    boolean[] lanes = new boolean[LANES];
    for (int i = 0; i < LANES; i++) {
      lanes[i] = (i & distance) != 0;
    }
    return VectorMask.fromArray(SPECIES, lanes, 0);
  }

  private static FloatVector load(MemorySegment memory, long at) {
    return FloatVector.fromMemorySegment(SPECIES, memory, at, ORDER);
  }

  private static FloatVector zero() {
    return FloatVector.zero(SPECIES);
  }

  /** The sum of the lanes. */
  static float total(FloatVector v) {
    FloatVector sum = v.add(v.rearrange(HALF));
    return rest(sum.add(sum.rearrange(QUARTER))).lane(0);
  }

  private static FloatVector rest(FloatVector v) {
    FloatVector sum = v;
    if (LANES >= 8) {
      sum = sum.add(sum.rearrange(EIGHTH));
    }
    if (LANES >= 16) {
      sum = sum.add(sum.rearrange(SIXTEENTH));
    }
    return sum;
  }

  /** The four sums of the lanes, in the first four. */
  private static FloatVector totals(FloatVector a, FloatVector b, FloatVector c, FloatVector d) {
    FloatVector ab = a.blend(b, UPPER_HALF).add(b.blend(a, UPPER_HALF).rearrange(HALF));
    FloatVector cd = c.blend(d, UPPER_HALF).add(d.blend(c, UPPER_HALF).rearrange(HALF));
    FloatVector abcd = ab.blend(cd, UPPER_QUARTER).add(cd.blend(ab, UPPER_QUARTER).rearrange(QUARTER));
    return rest(abcd).rearrange(FOLDED);
  }

  private static void store(FloatVector totals, float scale, MemorySegment out, long at) {
    totals.mul(scale).intoMemorySegment(out, at, ORDER, FIRST_FOUR);
  }

  /** What follows the last whole vector of two rows, in plain Java. */
  static float rest(MemorySegment a, long ao, MemorySegment b, long bo, int from, int n) {
    float sum = 0;
    for (int i = from; i < n; i++) {
      sum += a.get(FLOAT, ao + 4L * i) * b.get(FLOAT, bo + 4L * i);
    }
    return sum;
  }

  private static void addRest(MemorySegment x, long xo, MemorySegment rows, long ro, long stride, int n, float scale, MemorySegment out, long oo) {
    int whole = n - n % LANES;
    if (whole < n) {
      for (int j = 0; j < 4; j++) {
        out.set(FLOAT, oo + 4L * j, out.get(FLOAT, oo + 4L * j) + scale * rest(x, xo, rows, ro + j * stride, whole, n));
      }
    }
  }

  static void oneRow(MemorySegment x, long xo, MemorySegment rows, long ro, long stride, int count, int n, float scale, MemorySegment out, long oo) {
    int j = 0;
    if (n == 4 * LANES) {
      j = count & -4;
      ShortRows.ofFour(x, xo, rows, ro, stride, j, scale, out, oo);
    } else if (n == 8 * LANES) {
      j = count & -4;
      ShortRows.ofEight(x, xo, rows, ro, stride, j, scale, out, oo);
    }
    for (; j <= count - 4; j += 4) {
      oneByFour(x, xo, rows, ro + j * stride, stride, n, scale, out, oo + 4L * j);
    }
    for (; j < count; j++) {
      one(x, xo, rows, ro + j * stride, n, scale, out, oo + 4L * j);
    }
  }

  // Each of the following is a method of its own: together they outgrow what the compiler inlines, and vectors would become objects. Two rows by four
  // (eight sums folded in one method) did so too, and was no faster.

  private static void one(MemorySegment x, long xo, MemorySegment row, long ro, int n, float scale, MemorySegment out, long oo) {
    FloatVector sum = zero();
    int whole = n - n % LANES;
    for (int i = 0; i < whole; i += LANES) {
      sum = load(x, xo + 4L * i).fma(load(row, ro + 4L * i), sum);
    }
    float result = scale * total(sum);
    out.set(FLOAT, oo, whole < n ? result + scale * rest(x, xo, row, ro, whole, n) : result);
  }

  private static void oneByFour(MemorySegment x, long xo, MemorySegment rows, long r0, long stride, int n, float scale, MemorySegment out, long oo) {
    long r1 = r0 + stride;
    long r2 = r1 + stride;
    long r3 = r2 + stride;
    FloatVector s0 = zero();
    FloatVector s1 = zero();
    FloatVector s2 = zero();
    FloatVector s3 = zero();
    for (int i = 0; i <= n - LANES; i += LANES) {
      long at = 4L * i;
      FloatVector v = load(x, xo + at);
      s0 = v.fma(load(rows, r0 + at), s0);
      s1 = v.fma(load(rows, r1 + at), s1);
      s2 = v.fma(load(rows, r2 + at), s2);
      s3 = v.fma(load(rows, r3 + at), s3);
    }
    store(totals(s0, s1, s2, s3), scale, out, oo);
    addRest(x, xo, rows, r0, stride, n, scale, out, oo);
  }
}
