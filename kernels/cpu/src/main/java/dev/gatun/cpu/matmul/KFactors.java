package dev.gatun.cpu.matmul;

import static dev.gatun.cpu.matmul.Wide.L;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * A K-quant row's scales times those of an activation row, in the order that {@link KRows} takes them, and behind them what minimums or
 * offsets add to the sum.
 */
final class KFactors {
  private static final VectorSpecies<Float> F = Wide.F;
  private static final VectorSpecies<Integer> I = Wide.I;
  private static final VectorSpecies<Integer> FOUR = IntVector.SPECIES_128;
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

  /**
   * Of a header's words, d and dmin, then three of scales, those whose bytes have the lower bits of scales and minimums, and the one with
   * the upper.
   */
  private static final VectorShuffle<Integer> LOWER = VectorShuffle.fromValues(FOUR, 1, 1, 2, 2);
  private static final VectorShuffle<Integer> UPPER = VectorShuffle.fromValues(FOUR, 3, 3, 3, 3);
  private static final int[] LOWER_SHIFT = {0, 2, 0, 2};
  private static final int[] LOWER_BITS = {0x3f3f3f3f, 0x30303030, 0x3f3f3f3f, 0x30303030};
  private static final int[] UPPER_SHIFT = {0, 0, 0, 4};
  private static final int[] UPPER_BITS = {0, 0x0f0f0f0f, 0, 0x0f0f0f0f};
  private static final float[] FIRST_EIGHT = {1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0};
  private static final float[] LAST_EIGHT = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1};

  private static final VectorShuffle<Float> GROUPS_0_2 = groups(0);
  private static final VectorShuffle<Float> GROUPS_1_3 = groups(1);
  private static final VectorShuffle<Float> GROUPS_4_6 = groups(4);
  private static final VectorShuffle<Float> GROUPS_5_7 = groups(5);
  private static final VectorShuffle<Float> FIRST = fours(0);
  private static final VectorShuffle<Float> SECOND = fours(1);
  private static final VectorShuffle<Float> THIRD = fours(2);
  private static final VectorShuffle<Float> FOURTH = fours(3);

  private KFactors() {}

  /** A scale for eight lanes, and the next but one for the others. */
  private static VectorShuffle<Float> groups(int first) {
    return VectorShuffle.fromOp(F, i -> (first + (i >> 3 << 1)) % L);
  }

  /** Scales for four lanes each, from quarter {@code part} of a vector of them. */
  private static VectorShuffle<Float> fours(int part) {
    return VectorShuffle.fromOp(F, i -> (part * (L / 4) + (i >> 2)) % L);
  }

  /**
   * Of Q4_K and Q5_K. With vectors of sixteen, a factor for each lane; with eight, one for each 32 weights, {@code step} for 256 in either
   * case.
   */
  static void affine(MemorySegment w, long offset, int blocks, int bytes, float[] terms, float[] factors, int step) {
    if (L == 16) {
      sixteen(w, offset, blocks, bytes, terms, factors, step);
    } else {
      eight(w, offset, blocks, bytes, terms, factors, step);
    }
  }

  private static void sixteen(MemorySegment w, long offset, int blocks, int bytes, float[] terms, float[] factors, int step) {
    FloatVector minimums = FloatVector.zero(F);
    for (int b = 0; b < blocks; b++) {
      long at = offset + (long) b * bytes;
      IntVector header = IntVector.fromMemorySegment(FOUR, w, at, LE);
      IntVector six = header.rearrange(LOWER).lanewise(VectorOperators.LSHR, IntVector.fromArray(FOUR, LOWER_SHIFT, 0))
          .and(IntVector.fromArray(FOUR, LOWER_BITS, 0));
      six = six.or(header.rearrange(UPPER).lanewise(VectorOperators.LSHR, IntVector.fromArray(FOUR, UPPER_SHIFT, 0))
          .and(IntVector.fromArray(FOUR, UPPER_BITS, 0)));
      FloatVector f = (FloatVector) six.reinterpretAsBytes().convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0)
          .convert(VectorOperators.I2F, 0);
      FloatVector d = FloatVector.fromArray(F, FIRST_EIGHT, 0).mul(Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, at)));
      d = FloatVector.fromArray(F, LAST_EIGHT, 0)
          .fma(FloatVector.broadcast(F, -Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, at + 2))), d);
      f = f.mul(d).mul(FloatVector.fromArray(F, terms, 32 * b));
      minimums = minimums.add(f);
      f.rearrange(GROUPS_0_2).intoArray(factors, step * b);
      f.rearrange(GROUPS_1_3).intoArray(factors, step * b + 16);
      f.rearrange(GROUPS_4_6).intoArray(factors, step * b + 32);
      f.rearrange(GROUPS_5_7).intoArray(factors, step * b + 48);
    }
    minimums.mul(FloatVector.fromArray(F, LAST_EIGHT, 0)).intoArray(factors, step * blocks);
  }

  private static void eight(MemorySegment w, long offset, int blocks, int bytes, float[] terms, float[] factors, int step) {
    FloatVector minimums = FloatVector.zero(F);
    for (int b = 0; b < blocks; b++) {
      long at = offset + (long) b * bytes;
      IntVector header = IntVector.fromMemorySegment(FOUR, w, at, LE);
      IntVector six = header.rearrange(LOWER).lanewise(VectorOperators.LSHR, IntVector.fromArray(FOUR, LOWER_SHIFT, 0))
          .and(IntVector.fromArray(FOUR, LOWER_BITS, 0));
      six = six.or(header.rearrange(UPPER).lanewise(VectorOperators.LSHR, IntVector.fromArray(FOUR, UPPER_SHIFT, 0))
          .and(IntVector.fromArray(FOUR, UPPER_BITS, 0)));
      FloatVector f = (FloatVector) six.reinterpretAsBytes().convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0)
          .convert(VectorOperators.I2F, 0);
      f.mul(Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, at))).mul(FloatVector.fromArray(F, terms, 32 * b))
          .intoArray(factors, step * b);
      f = (FloatVector) six.reinterpretAsBytes().convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 1).convert(VectorOperators.I2F, 0);
      minimums = f.mul(-Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, at + 2)))
          .fma(FloatVector.fromArray(F, terms, 32 * b + 8), minimums);
    }
    minimums.intoArray(factors, step * blocks);
  }

  /** Of Q6_K, whose scales begin at {@code offset}: a factor for each lane, one for each 16 weights. */
  static void signed(MemorySegment w, long offset, int blocks, float[] terms, float[] factors) {
    FloatVector offsets = FloatVector.zero(F);
    for (int b = 0; b < blocks * (16 / L); b++) {
      long at = offset + 210L * (b / (16 / L));
      int part = L * (b % (16 / L));
      FloatVector f = (FloatVector) ByteVector.fromMemorySegment(Wide.B, w, at + part, LE).convertShape(VectorOperators.B2I, I, 0)
          .convert(VectorOperators.I2F, 0);
      int term = 32 * (b / (16 / L)) + part;
      f = f.mul(Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, at + 16))).mul(FloatVector.fromArray(F, terms, term));
      offsets = f.fma(FloatVector.fromArray(F, terms, term + 16), offsets);
      f.rearrange(FIRST).intoArray(factors, 4 * L * b);
      f.rearrange(SECOND).intoArray(factors, 4 * L * b + (L == 16 ? L : 2 * L));
      f.rearrange(THIRD).intoArray(factors, 4 * L * b + (L == 16 ? 2 * L : L));
      f.rearrange(FOURTH).intoArray(factors, 4 * L * b + 3 * L);
    }
    offsets.intoArray(factors, 64 * blocks);
  }
}
