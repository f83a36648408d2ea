package dev.gatun.cpu.matmul;

import static dev.gatun.cpu.matmul.Wide.L;

import dev.gatun.DType;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link RoundedKernel.KDot} for vectors of 64 or 32 bytes. A first pass over the row multiplies its scales with the activations' ({@link KFactors}), a second one
 * its weights with the numbers that activations were rounded to: two products fit a 16-bit sum, and two of those, so that a lane is converted once for four weights.
 *
 * <p>The loops call the Vector API alone. Its methods are inlined however large a loop has become; a method of ours is not, once C2 has seen enough nodes, and
 * a vector that crosses a call is an object.
 */
final class KRows {
  private static final VectorSpecies<Float> F = Wide.F;
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
  private static final VectorSpecies<Short> S = VectorSpecies.of(short.class, L == 16 ? VectorShape.S_512_BIT : VectorShape.S_256_BIT);
  private static final VectorSpecies<Short> HALF = ShortVector.SPECIES_256;
  private static final VectorShuffle<Short> TWICE = VectorShuffle.fromOp(S, i -> i & 15);

  /** Vectors in 64 bytes of weights, less one. */
  private static final int MORE = 16 / L - 1;
  /** A block's vectors of weights as a power of two, and all but the last. */
  private static final int LOG = L == 16 ? 1 : 2;
  private static final int REST = (1 << LOG) - 1;
  /** Factors for a vector of bytes whose groups are 32 weights: where vectors hold two groups, one for each lane. */
  private static final int STEP = L == 16 ? 2 * L : 2;

  /** What brings the upper bits of the first and of the second 32 bytes above their nibbles. */
  private static final short[] BY_16_4 = times(16, 4);
  private static final short[] BY_8_2 = times(8, 2);
  private static final short[] BY_4_1 = times(4, 1);

  private KRows() {}

  private static short[] times(int first, int second) {
    short[] factors = new short[32];
    for (int i = 0; i < 32; i++) {
      factors[i] = (short) (i < 16 ? first : second);
    }
    return factors;
  }

  /** The kernel of a K-quant, where vectors are wide enough. */
  static Optional<MatmulKernel> of(DType type, MatmulKernel many) {
    if (L != 16 && L != 8) {
      return Optional.empty();
    }
    return switch (type) {
      case Q4_K -> Optional.of(new RoundedKernel(RoundedK.AFFINE, KRows::q4k, many));
      case Q5_K -> Optional.of(new RoundedKernel(RoundedK.AFFINE, KRows::q5k, many));
      case Q6_K -> Optional.of(new RoundedKernel(RoundedK.SIGNED, KRows::q6k, many));
      default -> Optional.empty();
    };
  }

  private static float q4k(MemorySegment w, long offset, int k, KRow x) {
    KFactors.affine(w, offset, k / 256, 144, x.terms, x.factors, STEP << LOG);
    q4k(w, offset + 16, k / (8 * L), x.codes, x.factors);
    return Wide.sum(x.factors);
  }

  private static float q5k(MemorySegment w, long offset, int k, KRow x) {
    KFactors.affine(w, offset, k / 256, 176, x.terms, x.factors, STEP << LOG);
    q5k(w, offset + 16, k / (8 * L), x.codes, x.factors);
    return Wide.sum(x.factors);
  }

  private static float q6k(MemorySegment w, long offset, int k, KRow x) {
    KFactors.signed(w, offset + 192, k / 256, x.terms, x.factors);
    q6k(w, offset, k / (8 * L), x.codes, x.factors);
    return Wide.sum(x.factors);
  }

  private static void q4k(MemorySegment w, long from, int vectors, short[] codes, float[] factors) {
    FloatVector a = FloatVector.fromArray(F, factors, STEP * vectors);
    FloatVector c = FloatVector.zero(F);
    for (int g = 0; g < vectors; g++) {
      ShortVector v = ShortVector.fromMemorySegment(S, w, from + (144 * (g >> LOG) + 4 * L * (g & REST)), LE);
      int o = 8 * L * g;
      ShortVector t = v.and((short) 15).mul(ShortVector.fromArray(S, codes, o))
          .add(v.lanewise(VectorOperators.LSHR, 8).and((short) 15).mul(ShortVector.fromArray(S, codes, o + 2 * L)));
      ShortVector u = v.lanewise(VectorOperators.LSHR, 4).and((short) 15).mul(ShortVector.fromArray(S, codes, o + 4 * L))
          .add(v.lanewise(VectorOperators.LSHR, 12).mul(ShortVector.fromArray(S, codes, o + 6 * L)));
      t = t.add(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 16).reinterpretAsShorts());
      u = u.add(u.reinterpretAsInts().lanewise(VectorOperators.LSHL, 16).reinterpretAsShorts());
      FloatVector d = L == 16 ? FloatVector.fromArray(F, factors, STEP * g) : FloatVector.broadcast(F, factors[STEP * g]);
      FloatVector e = L == 16 ? FloatVector.fromArray(F, factors, STEP * g + L) : FloatVector.broadcast(F, factors[STEP * g + 1]);
      a = ((FloatVector) t.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16).convert(VectorOperators.I2F, 0)).fma(d, a);
      c = ((FloatVector) u.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16).convert(VectorOperators.I2F, 0)).fma(e, c);
    }
    a.add(c).intoArray(factors, 0);
  }

  private static void q5k(MemorySegment w, long from, int vectors, short[] codes, float[] factors) {
    FloatVector a = FloatVector.fromArray(F, factors, STEP * vectors);
    FloatVector c = FloatVector.zero(F);
    for (int g = 0; g < vectors; g++) {
      int at = 176 * (g >> LOG);
      ShortVector h = L == 16 ? ((ShortVector) ShortVector.fromMemorySegment(HALF, w, from + at, LE).reinterpretShape(S, 0)).rearrange(TWICE)
          : ShortVector.fromMemorySegment(S, w, from + at, LE);
      h = h.lanewise(VectorOperators.LSHR, 4 * (g >> LOG - 1 & 1));
      ShortVector v = ShortVector.fromMemorySegment(S, w, from + (at + 32 + 4 * L * (g & REST)), LE);
      int o = 8 * L * g;
      ShortVector b = v.and((short) 0x0f0f).or(h.mul(ShortVector.fromArray(S, BY_16_4, 16 * (g & MORE))).and((short) 0x1010));
      ShortVector t = b.and((short) 255).mul(ShortVector.fromArray(S, codes, o))
          .add(b.lanewise(VectorOperators.LSHR, 8).mul(ShortVector.fromArray(S, codes, o + 2 * L)));
      b = v.lanewise(VectorOperators.LSHR, 4).and((short) 0x0f0f).or(h.mul(ShortVector.fromArray(S, BY_8_2, 16 * (g & MORE))).and((short) 0x1010));
      ShortVector u = b.and((short) 255).mul(ShortVector.fromArray(S, codes, o + 4 * L))
          .add(b.lanewise(VectorOperators.LSHR, 8).mul(ShortVector.fromArray(S, codes, o + 6 * L)));
      t = t.add(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 16).reinterpretAsShorts());
      u = u.add(u.reinterpretAsInts().lanewise(VectorOperators.LSHL, 16).reinterpretAsShorts());
      FloatVector d = L == 16 ? FloatVector.fromArray(F, factors, STEP * g) : FloatVector.broadcast(F, factors[STEP * g]);
      FloatVector e = L == 16 ? FloatVector.fromArray(F, factors, STEP * g + L) : FloatVector.broadcast(F, factors[STEP * g + 1]);
      a = ((FloatVector) t.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16).convert(VectorOperators.I2F, 0)).fma(d, a);
      c = ((FloatVector) u.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16).convert(VectorOperators.I2F, 0)).fma(e, c);
    }
    a.add(c).intoArray(factors, 0);
  }

  private static void q6k(MemorySegment w, long from, int vectors, short[] codes, float[] factors) {
    FloatVector a = FloatVector.fromArray(F, factors, 2 * L * vectors);
    FloatVector c = FloatVector.zero(F);
    for (int g = 0; g < vectors; g++) {
      int at = 210 * (g >> LOG);
      int high = at + 128 + 32 * (g >> LOG - 1 & 1);
      ShortVector h = L == 16 ? ((ShortVector) ShortVector.fromMemorySegment(HALF, w, from + high, LE).reinterpretShape(S, 0)).rearrange(TWICE)
          : ShortVector.fromMemorySegment(S, w, from + high, LE);
      ShortVector v = ShortVector.fromMemorySegment(S, w, from + (at + 4 * L * (g & REST)), LE);
      int o = 8 * L * g;
      ShortVector b = v.and((short) 0x0f0f).or(h.mul(ShortVector.fromArray(S, BY_16_4, 16 * (g & MORE))).and((short) 0x3030));
      ShortVector t = b.and((short) 255).mul(ShortVector.fromArray(S, codes, o))
          .add(b.lanewise(VectorOperators.LSHR, 8).mul(ShortVector.fromArray(S, codes, o + 2 * L)));
      h = h.lanewise(VectorOperators.LSHR, 2).mul(ShortVector.fromArray(S, BY_4_1, 16 * (g & MORE)));
      b = v.lanewise(VectorOperators.LSHR, 4).and((short) 0x0f0f).or(h.and((short) 0x3030));
      ShortVector u = b.and((short) 255).mul(ShortVector.fromArray(S, codes, o + 4 * L))
          .add(b.lanewise(VectorOperators.LSHR, 8).mul(ShortVector.fromArray(S, codes, o + 6 * L)));
      t = t.add(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 16).reinterpretAsShorts());
      u = u.add(u.reinterpretAsInts().lanewise(VectorOperators.LSHL, 16).reinterpretAsShorts());
      a = ((FloatVector) t.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16).convert(VectorOperators.I2F, 0))
          .fma(FloatVector.fromArray(F, factors, 2 * L * g), a);
      c = ((FloatVector) u.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16).convert(VectorOperators.I2F, 0))
          .fma(FloatVector.fromArray(F, factors, 2 * L * g + L), c);
    }
    a.add(c).intoArray(factors, 0);
  }
}
