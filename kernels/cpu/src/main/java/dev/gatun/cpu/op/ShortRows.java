package dev.gatun.cpu.op;

import static dev.gatun.cpu.op.VectorProducts.EIGHTH;
import static dev.gatun.cpu.op.VectorProducts.FOLDED;
import static dev.gatun.cpu.op.VectorProducts.HALF;
import static dev.gatun.cpu.op.VectorProducts.LANES;
import static dev.gatun.cpu.op.VectorProducts.QUARTER;
import static dev.gatun.cpu.op.VectorProducts.SIXTEENTH;
import static dev.gatun.cpu.op.VectorProducts.UPPER_HALF;
import static dev.gatun.cpu.op.VectorProducts.UPPER_QUARTER;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The same bits as {@link VectorProducts} where one row fits the registers. The loop then goes over rows: one over the few vectors of a row
 * never gets past what C2 runs with every check, and takes three times as long. {@code count} is a multiple of four.
 */
final class ShortRows {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final long STEP = 4L * LANES;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private ShortRows() {}

  /** Rows of four vectors, which x fills four registers with. */
  static void ofFour(MemorySegment x, long xo, MemorySegment rows, long ro, long stride, int count, float scale, MemorySegment out,
      long oo) {
    FloatVector x0 = FloatVector.fromMemorySegment(F, x, xo, ORDER);
    FloatVector x1 = FloatVector.fromMemorySegment(F, x, xo + STEP, ORDER);
    FloatVector x2 = FloatVector.fromMemorySegment(F, x, xo + 2 * STEP, ORDER);
    FloatVector x3 = FloatVector.fromMemorySegment(F, x, xo + 3 * STEP, ORDER);
    for (int j = 0; j < count; j += 4) {
      long row = ro + j * stride;
      FloatVector s0 = x0.fma(FloatVector.fromMemorySegment(F, rows, row, ORDER), FloatVector.zero(F));
      s0 = x1.fma(FloatVector.fromMemorySegment(F, rows, row + STEP, ORDER), s0);
      s0 = x2.fma(FloatVector.fromMemorySegment(F, rows, row + 2 * STEP, ORDER), s0);
      s0 = x3.fma(FloatVector.fromMemorySegment(F, rows, row + 3 * STEP, ORDER), s0);
      row += stride;
      FloatVector s1 = x0.fma(FloatVector.fromMemorySegment(F, rows, row, ORDER), FloatVector.zero(F));
      s1 = x1.fma(FloatVector.fromMemorySegment(F, rows, row + STEP, ORDER), s1);
      s1 = x2.fma(FloatVector.fromMemorySegment(F, rows, row + 2 * STEP, ORDER), s1);
      s1 = x3.fma(FloatVector.fromMemorySegment(F, rows, row + 3 * STEP, ORDER), s1);
      row += stride;
      FloatVector s2 = x0.fma(FloatVector.fromMemorySegment(F, rows, row, ORDER), FloatVector.zero(F));
      s2 = x1.fma(FloatVector.fromMemorySegment(F, rows, row + STEP, ORDER), s2);
      s2 = x2.fma(FloatVector.fromMemorySegment(F, rows, row + 2 * STEP, ORDER), s2);
      s2 = x3.fma(FloatVector.fromMemorySegment(F, rows, row + 3 * STEP, ORDER), s2);
      row += stride;
      FloatVector s3 = x0.fma(FloatVector.fromMemorySegment(F, rows, row, ORDER), FloatVector.zero(F));
      s3 = x1.fma(FloatVector.fromMemorySegment(F, rows, row + STEP, ORDER), s3);
      s3 = x2.fma(FloatVector.fromMemorySegment(F, rows, row + 2 * STEP, ORDER), s3);
      s3 = x3.fma(FloatVector.fromMemorySegment(F, rows, row + 3 * STEP, ORDER), s3);
      s0 = s0.blend(s1, UPPER_HALF).add(s1.blend(s0, UPPER_HALF).rearrange(HALF));
      s2 = s2.blend(s3, UPPER_HALF).add(s3.blend(s2, UPPER_HALF).rearrange(HALF));
      s0 = s0.blend(s2, UPPER_QUARTER).add(s2.blend(s0, UPPER_QUARTER).rearrange(QUARTER));
      if (LANES >= 8) {
        s0 = s0.add(s0.rearrange(EIGHTH));
      }
      if (LANES >= 16) {
        s0 = s0.add(s0.rearrange(SIXTEENTH));
      }
      ((FloatVector) s0.rearrange(FOLDED).mul(scale).reinterpretShape(FloatVector.SPECIES_128, 0))
          .intoMemorySegment(out, oo + 4 * j, ORDER);
    }
  }

  /** Rows of eight vectors, which x fills eight registers with. */
  static void ofEight(MemorySegment x, long xo, MemorySegment rows, long ro, long stride, int count, float scale, MemorySegment out,
      long oo) {
    FloatVector x0 = FloatVector.fromMemorySegment(F, x, xo, ORDER);
    FloatVector x1 = FloatVector.fromMemorySegment(F, x, xo + STEP, ORDER);
    FloatVector x2 = FloatVector.fromMemorySegment(F, x, xo + 2 * STEP, ORDER);
    FloatVector x3 = FloatVector.fromMemorySegment(F, x, xo + 3 * STEP, ORDER);
    FloatVector x4 = FloatVector.fromMemorySegment(F, x, xo + 4 * STEP, ORDER);
    FloatVector x5 = FloatVector.fromMemorySegment(F, x, xo + 5 * STEP, ORDER);
    FloatVector x6 = FloatVector.fromMemorySegment(F, x, xo + 6 * STEP, ORDER);
    FloatVector x7 = FloatVector.fromMemorySegment(F, x, xo + 7 * STEP, ORDER);
    for (int j = 0; j < count; j += 4) {
      long row = ro + j * stride;
      FloatVector s0 = x0.fma(FloatVector.fromMemorySegment(F, rows, row, ORDER), FloatVector.zero(F));
      s0 = x1.fma(FloatVector.fromMemorySegment(F, rows, row + STEP, ORDER), s0);
      s0 = x2.fma(FloatVector.fromMemorySegment(F, rows, row + 2 * STEP, ORDER), s0);
      s0 = x3.fma(FloatVector.fromMemorySegment(F, rows, row + 3 * STEP, ORDER), s0);
      s0 = x4.fma(FloatVector.fromMemorySegment(F, rows, row + 4 * STEP, ORDER), s0);
      s0 = x5.fma(FloatVector.fromMemorySegment(F, rows, row + 5 * STEP, ORDER), s0);
      s0 = x6.fma(FloatVector.fromMemorySegment(F, rows, row + 6 * STEP, ORDER), s0);
      s0 = x7.fma(FloatVector.fromMemorySegment(F, rows, row + 7 * STEP, ORDER), s0);
      row += stride;
      FloatVector s1 = x0.fma(FloatVector.fromMemorySegment(F, rows, row, ORDER), FloatVector.zero(F));
      s1 = x1.fma(FloatVector.fromMemorySegment(F, rows, row + STEP, ORDER), s1);
      s1 = x2.fma(FloatVector.fromMemorySegment(F, rows, row + 2 * STEP, ORDER), s1);
      s1 = x3.fma(FloatVector.fromMemorySegment(F, rows, row + 3 * STEP, ORDER), s1);
      s1 = x4.fma(FloatVector.fromMemorySegment(F, rows, row + 4 * STEP, ORDER), s1);
      s1 = x5.fma(FloatVector.fromMemorySegment(F, rows, row + 5 * STEP, ORDER), s1);
      s1 = x6.fma(FloatVector.fromMemorySegment(F, rows, row + 6 * STEP, ORDER), s1);
      s1 = x7.fma(FloatVector.fromMemorySegment(F, rows, row + 7 * STEP, ORDER), s1);
      row += stride;
      FloatVector s2 = x0.fma(FloatVector.fromMemorySegment(F, rows, row, ORDER), FloatVector.zero(F));
      s2 = x1.fma(FloatVector.fromMemorySegment(F, rows, row + STEP, ORDER), s2);
      s2 = x2.fma(FloatVector.fromMemorySegment(F, rows, row + 2 * STEP, ORDER), s2);
      s2 = x3.fma(FloatVector.fromMemorySegment(F, rows, row + 3 * STEP, ORDER), s2);
      s2 = x4.fma(FloatVector.fromMemorySegment(F, rows, row + 4 * STEP, ORDER), s2);
      s2 = x5.fma(FloatVector.fromMemorySegment(F, rows, row + 5 * STEP, ORDER), s2);
      s2 = x6.fma(FloatVector.fromMemorySegment(F, rows, row + 6 * STEP, ORDER), s2);
      s2 = x7.fma(FloatVector.fromMemorySegment(F, rows, row + 7 * STEP, ORDER), s2);
      row += stride;
      FloatVector s3 = x0.fma(FloatVector.fromMemorySegment(F, rows, row, ORDER), FloatVector.zero(F));
      s3 = x1.fma(FloatVector.fromMemorySegment(F, rows, row + STEP, ORDER), s3);
      s3 = x2.fma(FloatVector.fromMemorySegment(F, rows, row + 2 * STEP, ORDER), s3);
      s3 = x3.fma(FloatVector.fromMemorySegment(F, rows, row + 3 * STEP, ORDER), s3);
      s3 = x4.fma(FloatVector.fromMemorySegment(F, rows, row + 4 * STEP, ORDER), s3);
      s3 = x5.fma(FloatVector.fromMemorySegment(F, rows, row + 5 * STEP, ORDER), s3);
      s3 = x6.fma(FloatVector.fromMemorySegment(F, rows, row + 6 * STEP, ORDER), s3);
      s3 = x7.fma(FloatVector.fromMemorySegment(F, rows, row + 7 * STEP, ORDER), s3);
      s0 = s0.blend(s1, UPPER_HALF).add(s1.blend(s0, UPPER_HALF).rearrange(HALF));
      s2 = s2.blend(s3, UPPER_HALF).add(s3.blend(s2, UPPER_HALF).rearrange(HALF));
      s0 = s0.blend(s2, UPPER_QUARTER).add(s2.blend(s0, UPPER_QUARTER).rearrange(QUARTER));
      if (LANES >= 8) {
        s0 = s0.add(s0.rearrange(EIGHTH));
      }
      if (LANES >= 16) {
        s0 = s0.add(s0.rearrange(SIXTEENTH));
      }
      ((FloatVector) s0.rearrange(FOLDED).mul(scale).reinterpretShape(FloatVector.SPECIES_128, 0))
          .intoMemorySegment(out, oo + 4 * j, ORDER);
    }
  }
}
