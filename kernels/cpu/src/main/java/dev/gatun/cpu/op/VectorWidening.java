package dev.gatun.cpu.op;

import dev.gatun.cpu.format.Half;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Rows of the types that keys and values are kept in most to F32, exactly, a vector at a time. */
final class VectorWidening {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();
  private static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class, VectorShape.forBitSize(16 * LANES));
  /** As many bytes as floats; where there is no such vector, {@link #SERVES_BYTES} says so and these are not used. */
  private static final VectorSpecies<Byte> BYTES = LANES < 8 ? ByteVector.SPECIES_64
      : VectorSpecies.of(byte.class, VectorShape.forBitSize(8 * LANES));
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ORDER);

  /** Whether {@link #q8} runs here. */
  static final boolean SERVES_BYTES = LANES >= 8 && LANES <= 32;

  private VectorWidening() {}

  /** False if there is an infinity or a NaN, which this does not give. */
  static boolean f16(MemorySegment from, long at, MemorySegment to, long into, int n) {
    IntVector special = IntVector.zero(INTS);
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      IntVector v = (IntVector) ShortVector.fromMemorySegment(SHORTS, from, at + 2L * i, ORDER).convertShape(VectorOperators.S2I, INTS, 0);
      v = v.lanewise(VectorOperators.LSHL, 13).and(0x8fffe000);
      // An exponent of all ones, and no other, carries into bit 28.
      special = special.or(v.add(0x00800000));
      v.reinterpretAsFloats().mul(0x1p112f).intoMemorySegment(to, into + 4L * i, ByteOrder.nativeOrder());
    }
    for (; i < n; i++) {
      to.set(View.FLOAT, into + 4L * i, Half.f16(from.get(SHORT, at + 2L * i)));
    }
    return (special.reduceLanes(VectorOperators.OR) & 0x10000000) == 0;
  }

  static void bf16(MemorySegment from, long at, MemorySegment to, long into, int n) {
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      IntVector v = (IntVector) ShortVector.fromMemorySegment(SHORTS, from, at + 2L * i, ORDER).convertShape(VectorOperators.S2I, INTS, 0);
      v.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoMemorySegment(to, into + 4L * i, ByteOrder.nativeOrder());
    }
    for (; i < n; i++) {
      to.set(View.FLOAT, into + 4L * i, Half.bf16(from.get(SHORT, at + 2L * i)));
    }
  }

  static void q8(MemorySegment from, long at, MemorySegment to, long into, int n) {
    for (int b = 0; b < n / 32; b++) {
      long block = at + 34L * b;
      float d = Half.f16(from.get(SHORT, block));
      for (int j = 0; j < 32; j += LANES) {
        ByteVector v = ByteVector.fromMemorySegment(BYTES, from, block + 2 + j, ORDER);
        ((FloatVector) v.convertShape(VectorOperators.B2I, INTS, 0).convert(VectorOperators.I2F, 0)).mul(d)
            .intoMemorySegment(to, into + 128L * b + 4L * j, ByteOrder.nativeOrder());
      }
    }
  }
}
