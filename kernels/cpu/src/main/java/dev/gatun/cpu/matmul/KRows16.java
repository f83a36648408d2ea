package dev.gatun.cpu.matmul;

import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.gatun.DType;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Optional;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link RoundedKernel.KDot} for vectors of 64 bytes. A first pass over the row multiplies its scales with the activations', a second one its weights with the
 * numbers that activations were rounded to: two products fit a 16-bit sum, and two of those, so that each lane is converted once for four weights. Together
 * the passes would be over what C2 inlines.
 */
final class KRows16 {
  private static final VectorSpecies<Float> F = Wide.F;
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
  private static final VectorSpecies<Short> S = ShortVector.SPECIES_512;
  private static final VectorSpecies<Short> HALF = ShortVector.SPECIES_256;
  private static final VectorSpecies<Integer> FOUR = IntVector.SPECIES_128;
  private static final VectorShuffle<Short> TWICE = VectorShuffle.fromOp(S, i -> i & 15);

  /** Of a header's words, which are d and dmin, then three of scales: those whose bytes have the lower bits of scales and minimums, and those with the upper. */
  private static final VectorShuffle<Integer> LOWER = VectorShuffle.fromValues(FOUR, 1, 1, 2, 2);
  private static final VectorShuffle<Integer> UPPER = VectorShuffle.fromValues(FOUR, 3, 3, 3, 3);
  private static final int[] LOWER_SHIFT = {0, 2, 0, 2};
  private static final int[] LOWER_BITS = {0x3f3f3f3f, 0x30303030, 0x3f3f3f3f, 0x30303030};
  private static final int[] UPPER_SHIFT = {0, 0, 0, 4};
  private static final int[] UPPER_BITS = {0, 0x0f0f0f0f, 0, 0x0f0f0f0f};
  private static final float[] FIRST_EIGHT = {1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0};
  private static final float[] LAST_EIGHT = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1};

  private static final VectorShuffle<Float> GROUPS_0_2 = VectorShuffle.fromOp(F, i -> i >> 3 << 1);
  private static final VectorShuffle<Float> GROUPS_1_3 = VectorShuffle.fromOp(F, i -> 1 + (i >> 3 << 1));
  private static final VectorShuffle<Float> GROUPS_4_6 = VectorShuffle.fromOp(F, i -> 4 + (i >> 3 << 1));
  private static final VectorShuffle<Float> GROUPS_5_7 = VectorShuffle.fromOp(F, i -> 5 + (i >> 3 << 1));
  private static final VectorShuffle<Float> FROM_0 = VectorShuffle.fromOp(F, i -> i >> 2);
  private static final VectorShuffle<Float> FROM_4 = VectorShuffle.fromOp(F, i -> 4 + (i >> 2));
  private static final VectorShuffle<Float> FROM_8 = VectorShuffle.fromOp(F, i -> 8 + (i >> 2));
  private static final VectorShuffle<Float> FROM_12 = VectorShuffle.fromOp(F, i -> 12 + (i >> 2));

  /** By how much the upper bits of the first and of the second 32 bytes have to be shifted to stand above their nibbles. */
  private static final short[] BY_4_2 = shifts(4, 2);
  private static final short[] BY_3_1 = shifts(3, 1);
  private static final short[] BY_0_2 = shifts(0, 2);

  private KRows16() {}

  private static short[] shifts(int first, int second) {
    short[] shifts = new short[32];
    for (int i = 0; i < 32; i++) {
      shifts[i] = (short) (i < 16 ? first : second);
    }
    return shifts;
  }

  static Optional<MatmulKernel> of(DType type, MatmulKernel many) {
    return switch (type) {
      case Q4_K -> Optional.of(new RoundedKernel(RoundedK.AFFINE, KRows16::q4k, many));
      case Q5_K -> Optional.of(new RoundedKernel(RoundedK.AFFINE, KRows16::q5k, many));
      case Q6_K -> Optional.of(new RoundedKernel(RoundedK.SIGNED, KRows16::q6k, many));
      default -> Optional.empty();
    };
  }

  private static float q4k(MemorySegment w, long offset, int k, KRow x) {
    affine(w, offset, k / 256, 144, x.terms, x.factors);
    q4k(w, offset + 16, k / 128, x.codes, x.factors);
    return sum(x.factors);
  }

  private static float q5k(MemorySegment w, long offset, int k, KRow x) {
    affine(w, offset, k / 256, 176, x.terms, x.factors);
    q5k(w, offset + 16, k / 128, x.codes, x.factors);
    return sum(x.factors);
  }

  private static float q6k(MemorySegment w, long offset, int k, KRow x) {
    signed(w, offset + 192, k / 256, x.terms, x.factors);
    q6k(w, offset, k / 128, x.codes, x.factors);
    return sum(x.factors);
  }

  private static float sum(float[] lanes) {
    return Wide.sum(FloatVector.fromArray(F, lanes, 0));
  }

  private static void affine(MemorySegment w, long offset, int blocks, int bytes, float[] terms, float[] factors) {
    FloatVector minimums = FloatVector.zero(F);
    for (int b = 0; b < blocks; b++) {
      long at = offset + (long) b * bytes;
      IntVector header = IntVector.fromMemorySegment(FOUR, w, at, LE);
      IntVector six = header.rearrange(LOWER).lanewise(VectorOperators.LSHR, IntVector.fromArray(FOUR, LOWER_SHIFT, 0))
          .and(IntVector.fromArray(FOUR, LOWER_BITS, 0));
      six = six.or(header.rearrange(UPPER).lanewise(VectorOperators.LSHR, IntVector.fromArray(FOUR, UPPER_SHIFT, 0))
          .and(IntVector.fromArray(FOUR, UPPER_BITS, 0)));
      FloatVector f = (FloatVector) six.reinterpretAsBytes().convertShape(VectorOperators.ZERO_EXTEND_B2I, Wide.I, 0).convert(VectorOperators.I2F, 0);
      FloatVector d = FloatVector.fromArray(F, FIRST_EIGHT, 0).mul(Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, at)));
      d = FloatVector.fromArray(F, LAST_EIGHT, 0).fma(FloatVector.broadcast(F, -Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, at + 2))), d);
      f = f.mul(d).mul(FloatVector.fromArray(F, terms, 32 * b));
      minimums = minimums.add(f);
      f.rearrange(GROUPS_0_2).intoArray(factors, 64 * b);
      f.rearrange(GROUPS_1_3).intoArray(factors, 64 * b + 16);
      f.rearrange(GROUPS_4_6).intoArray(factors, 64 * b + 32);
      f.rearrange(GROUPS_5_7).intoArray(factors, 64 * b + 48);
    }
    minimums.mul(FloatVector.fromArray(F, LAST_EIGHT, 0)).intoArray(factors, 64 * blocks);
  }

  private static void signed(MemorySegment w, long offset, int blocks, float[] terms, float[] factors) {
    FloatVector offsets = FloatVector.zero(F);
    for (int b = 0; b < blocks; b++) {
      long at = offset + 210L * b;
      FloatVector f = (FloatVector) ByteVector.fromMemorySegment(ByteVector.SPECIES_128, w, at, LE).convertShape(VectorOperators.B2I, Wide.I, 0)
          .convert(VectorOperators.I2F, 0);
      f = f.mul(Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, at + 16))).mul(FloatVector.fromArray(F, terms, 32 * b));
      offsets = f.fma(FloatVector.fromArray(F, terms, 32 * b + 16), offsets);
      f.rearrange(FROM_0).intoArray(factors, 64 * b);
      f.rearrange(FROM_4).intoArray(factors, 64 * b + 16);
      f.rearrange(FROM_8).intoArray(factors, 64 * b + 32);
      f.rearrange(FROM_12).intoArray(factors, 64 * b + 48);
    }
    offsets.intoArray(factors, 64 * blocks);
  }

  private static void q4k(MemorySegment w, long from, int chunks, short[] codes, float[] factors) {
    FloatVector a = FloatVector.fromArray(F, factors, 32 * chunks);
    FloatVector c = FloatVector.zero(F);
    for (int g = 0; g < chunks; g++) {
      ShortVector v = ShortVector.fromMemorySegment(S, w, from + 144L * (g >> 1) + 64 * (g & 1), LE);
      int o = 128 * g;
      ShortVector t = v.and((short) 15).mul(ShortVector.fromArray(S, codes, o))
          .add(v.lanewise(VectorOperators.LSHR, 8).and((short) 15).mul(ShortVector.fromArray(S, codes, o + 32)));
      ShortVector u = v.lanewise(VectorOperators.LSHR, 4).and((short) 15).mul(ShortVector.fromArray(S, codes, o + 64))
          .add(v.lanewise(VectorOperators.LSHR, 12).mul(ShortVector.fromArray(S, codes, o + 96)));
      t = t.add(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 16).reinterpretAsShorts());
      u = u.add(u.reinterpretAsInts().lanewise(VectorOperators.LSHL, 16).reinterpretAsShorts());
      a = ((FloatVector) t.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16).convert(VectorOperators.I2F, 0)).fma(FloatVector.fromArray(F, factors, 32 * g), a);
      c = ((FloatVector) u.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16).convert(VectorOperators.I2F, 0)).fma(FloatVector.fromArray(F, factors, 32 * g + 16), c);
    }
    a.add(c).intoArray(factors, 0);
  }

  private static void q5k(MemorySegment w, long from, int chunks, short[] codes, float[] factors) {
    FloatVector a = FloatVector.fromArray(F, factors, 32 * chunks);
    FloatVector c = FloatVector.zero(F);
    ShortVector lower = ShortVector.fromArray(S, BY_4_2, 0);
    ShortVector upper = ShortVector.fromArray(S, BY_3_1, 0);
    for (int g = 0; g < chunks; g++) {
      long at = from + 176L * (g >> 1);
      ShortVector h = ((ShortVector) ShortVector.fromMemorySegment(HALF, w, at, LE).reinterpretShape(S, 0)).rearrange(TWICE)
          .lanewise(VectorOperators.LSHR, 4 * (g & 1));
      ShortVector v = ShortVector.fromMemorySegment(S, w, at + 32 + 64 * (g & 1), LE);
      int o = 128 * g;
      ShortVector b = v.and((short) 0x0f0f).or(h.lanewise(VectorOperators.LSHL, lower).and((short) 0x1010));
      ShortVector t = b.and((short) 255).mul(ShortVector.fromArray(S, codes, o))
          .add(b.lanewise(VectorOperators.LSHR, 8).mul(ShortVector.fromArray(S, codes, o + 32)));
      b = v.lanewise(VectorOperators.LSHR, 4).and((short) 0x0f0f).or(h.lanewise(VectorOperators.LSHL, upper).and((short) 0x1010));
      ShortVector u = b.and((short) 255).mul(ShortVector.fromArray(S, codes, o + 64))
          .add(b.lanewise(VectorOperators.LSHR, 8).mul(ShortVector.fromArray(S, codes, o + 96)));
      t = t.add(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 16).reinterpretAsShorts());
      u = u.add(u.reinterpretAsInts().lanewise(VectorOperators.LSHL, 16).reinterpretAsShorts());
      a = ((FloatVector) t.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16).convert(VectorOperators.I2F, 0)).fma(FloatVector.fromArray(F, factors, 32 * g), a);
      c = ((FloatVector) u.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16).convert(VectorOperators.I2F, 0)).fma(FloatVector.fromArray(F, factors, 32 * g + 16), c);
    }
    a.add(c).intoArray(factors, 0);
  }

  private static void q6k(MemorySegment w, long from, int chunks, short[] codes, float[] factors) {
    FloatVector a = FloatVector.fromArray(F, factors, 32 * chunks);
    FloatVector c = FloatVector.zero(F);
    ShortVector lower = ShortVector.fromArray(S, BY_4_2, 0);
    ShortVector upper = ShortVector.fromArray(S, BY_0_2, 0);
    for (int g = 0; g < chunks; g++) {
      long at = from + 210L * (g >> 1);
      ShortVector h = ((ShortVector) ShortVector.fromMemorySegment(HALF, w, at + 128 + 32 * (g & 1), LE).reinterpretShape(S, 0)).rearrange(TWICE);
      ShortVector v = ShortVector.fromMemorySegment(S, w, at + 64 * (g & 1), LE);
      int o = 128 * g;
      ShortVector b = v.and((short) 0x0f0f).or(h.lanewise(VectorOperators.LSHL, lower).and((short) 0x3030));
      ShortVector t = b.and((short) 255).mul(ShortVector.fromArray(S, codes, o))
          .add(b.lanewise(VectorOperators.LSHR, 8).mul(ShortVector.fromArray(S, codes, o + 32)));
      b = v.lanewise(VectorOperators.LSHR, 4).and((short) 0x0f0f).or(h.lanewise(VectorOperators.LSHR, upper).and((short) 0x3030));
      ShortVector u = b.and((short) 255).mul(ShortVector.fromArray(S, codes, o + 64))
          .add(b.lanewise(VectorOperators.LSHR, 8).mul(ShortVector.fromArray(S, codes, o + 96)));
      t = t.add(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 16).reinterpretAsShorts());
      u = u.add(u.reinterpretAsInts().lanewise(VectorOperators.LSHL, 16).reinterpretAsShorts());
      a = ((FloatVector) t.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16).convert(VectorOperators.I2F, 0)).fma(FloatVector.fromArray(F, factors, 32 * g), a);
      c = ((FloatVector) u.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16).convert(VectorOperators.I2F, 0)).fma(FloatVector.fromArray(F, factors, 32 * g + 16), c);
    }
    a.add(c).intoArray(factors, 0);
  }
}
