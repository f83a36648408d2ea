package dev.gatun.cpu.matmul;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector width and the loads that widen small weights to it. Every method is a short straight line, so that C2 inlines it and keeps
 * vectors in registers.
 */
final class Wide {
  private static final VectorShape SHAPE = FloatVector.SPECIES_PREFERRED.length() > 16 ? VectorShape.S_512_BIT
      : FloatVector.SPECIES_PREFERRED.vectorShape();
  static final VectorSpecies<Float> F = VectorSpecies.of(float.class, SHAPE);
  static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, SHAPE);
  /** Floats in a vector: 16, 8 or 4. */
  static final int L = F.length();
  static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
  /** As many bytes as floats in a vector; there is no species of 4 bytes, where an int is spread over the lanes instead. */
  static final VectorSpecies<Byte> B = L == 16 ? ByteVector.SPECIES_128 : ByteVector.SPECIES_64;
  private static final VectorSpecies<Short> S = L == 16 ? ShortVector.SPECIES_256
      : L == 8 ? ShortVector.SPECIES_128 : ShortVector.SPECIES_64;
  /** 0, 1, 2 … */
  static final IntVector LANE = IntVector.zero(I).addIndex(1);
  private static final IntVector TO_LOW = LANE.mul(8);
  private static final IntVector TO_HIGH = LANE.mul(-8).add(24);

  private static final VectorShuffle<Float> DOWN_8 = VectorShuffle.iota(F, 8 % L, 1, true);
  private static final VectorShuffle<Float> DOWN_4 = VectorShuffle.iota(F, 4 % L, 1, true);
  private static final VectorShuffle<Float> DOWN_2 = VectorShuffle.iota(F, 2, 1, true);

  private Wide() {}

  /** L signed bytes. */
  static IntVector signed(MemorySegment w, long at) {
    if (L == 4) {
      return IntVector.broadcast(I, w.get(JAVA_INT_UNALIGNED, at)).lanewise(VectorOperators.LSHL, TO_HIGH)
          .lanewise(VectorOperators.ASHR, 24);
    }
    return (IntVector) ByteVector.fromMemorySegment(B, w, at, LE).convertShape(VectorOperators.B2I, I, 0);
  }

  /** L unsigned bytes. */
  static IntVector unsigned(MemorySegment w, long at) {
    if (L == 4) {
      return IntVector.broadcast(I, w.get(JAVA_INT_UNALIGNED, at)).lanewise(VectorOperators.LSHR, TO_LOW).and(255);
    }
    return (IntVector) ByteVector.fromMemorySegment(B, w, at, LE).convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
  }

  /** L 16-bit values, zero-extended. */
  static IntVector unsignedShorts(MemorySegment w, long at) {
    return (IntVector) ShortVector.fromMemorySegment(S, w, at, LE).convertShape(VectorOperators.ZERO_EXTEND_S2I, I, 0);
  }

  /** L 16-bit values, sign-extended. */
  static IntVector shorts(MemorySegment w, long at) {
    return (IntVector) ShortVector.fromMemorySegment(S, w, at, LE).convertShape(VectorOperators.S2I, I, 0);
  }

  /** Bit {@code 4 + i} of {@code bits} as 0 or 16 in lane i. */
  static IntVector bit4(int bits) {
    return IntVector.broadcast(I, bits).lanewise(VectorOperators.LSHR, LANE).and(16);
  }

  /**
   * Sign-extended F16 bits moved to where F32 has them, the exponent's bias aside. Adding 0x00800000 carries into bit 28 for infinities and
   * NaN alone, which {@link #rescaled} makes finite.
   */
  static IntVector shifted(IntVector bits) {
    return bits.lanewise(VectorOperators.LSHL, 13).and(0x8fffe000);
  }

  /** The values of {@link #shifted} F16 bits: multiplying by 2^112 moves the exponent's bias, subnormals included. */
  static FloatVector rescaled(IntVector shifted) {
    return shifted.reinterpretAsFloats().mul(0x1p112f);
  }

  /**
   * Sign-extended 8-bit floats with their exponent and mantissa {@code up} places higher, where F32 has them, the exponent's bias aside.
   */
  static FloatVector eights(IntVector bits, int up) {
    return bits.and(0x7F).lanewise(VectorOperators.LSHL, up).or(bits.and(0x80000000)).reinterpretAsFloats();
  }

  /** Whether any lane has any of the bits. */
  static boolean any(IntVector v, int bits) {
    return (v.reduceLanes(VectorOperators.OR) & bits) != 0;
  }

  /** L BF16 values. */
  static FloatVector brains(MemorySegment w, long at) {
    return shorts(w, at).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
  }

  static FloatVector toFloats(IntVector v) {
    return (FloatVector) v.convert(VectorOperators.I2F, 0);
  }

  static FloatVector floats(float[] x, int at) {
    return FloatVector.fromArray(F, x, at);
  }

  static FloatVector all(float value) {
    return FloatVector.broadcast(F, value);
  }

  /**
   * The sum of L partial sums, upper half onto lower half: the same order whether interpreted or compiled, unlike reduceLanes. They come in
   * an array, since a vector that crosses a call is an object, and behind a long loop C2 does not inline the call.
   */
  static float sum(float[] lanes) {
    FloatVector s = FloatVector.fromArray(F, lanes, 0);
    if (L == 16) {
      s = s.add(s.rearrange(DOWN_8));
    }
    if (L >= 8) {
      s = s.add(s.rearrange(DOWN_4));
    }
    s = s.add(s.rearrange(DOWN_2));
    return s.lane(0) + s.lane(1);
  }

  /** The F16 at a byte offset. */
  static float half(MemorySegment w, long at) {
    return Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, at));
  }
}
