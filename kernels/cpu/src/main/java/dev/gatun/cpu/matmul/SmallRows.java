package dev.gatun.cpu.matmul;

import static dev.gatun.cpu.matmul.Wide.L;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.gatun.DType;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Optional;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link RowDot} of the rarer types with blocks of 32, for vectors of sixteen and of eight floats. As in {@link KRows}, the loops call the Vector API alone;
 * where L is 16, what is only for 8 is no code at all.
 */
final class SmallRows {
  private static final VectorSpecies<Float> F = Wide.F;
  private static final VectorSpecies<Integer> I = Wide.I;
  private static final VectorSpecies<Byte> B = Wide.B;
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
  private static final VectorOperators.Conversion<Byte, Integer> WIDEN = VectorOperators.ZERO_EXTEND_B2I;
  private static final VectorOperators.Conversion<Integer, Float> TO_FLOAT = VectorOperators.I2F;
  private static final VectorOperators.Binary RIGHT = VectorOperators.LSHR;

  private SmallRows() {}

  static Optional<RowDot> of(DType type) {
    return switch (type) {
      case Q4_1 -> Optional.of(SmallRows::q4x1);
      case Q5_0 -> Optional.of(SmallRows::q5x0);
      case Q5_1 -> Optional.of(SmallRows::q5x1);
      default -> Optional.empty();
    };
  }

  private static float q4x1(MemorySegment w, long offset, int k, float[] x, float[] pairs, float[] scratch) {
    FloatVector a = FloatVector.zero(F);
    FloatVector c = a;
    for (int b = 0; b < k / 32; b++) {
      long o = offset + 20L * b;
      int i = 32 * b;
      int head = w.get(JAVA_INT_UNALIGNED, o);
      IntVector v = (IntVector) ByteVector.fromMemorySegment(B, w, o + 4, LE).convertShape(WIDEN, I, 0);
      FloatVector t = ((FloatVector) v.and(15).convert(TO_FLOAT, 0)).mul(FloatVector.fromArray(F, x, i));
      t = ((FloatVector) v.lanewise(RIGHT, 4).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 16), t);
      FloatVector m = FloatVector.fromArray(F, pairs, i >> 1);
      if (L == 8) {
        v = (IntVector) ByteVector.fromMemorySegment(B, w, o + 12, LE).convertShape(WIDEN, I, 0);
        t = ((FloatVector) v.and(15).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 8), t);
        t = ((FloatVector) v.lanewise(RIGHT, 4).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 24), t);
        m = m.add(FloatVector.fromArray(F, pairs, (i >> 1) + 8));
      }
      a = t.fma(FloatVector.broadcast(F, Float.float16ToFloat((short) head)), a);
      c = m.fma(FloatVector.broadcast(F, Float.float16ToFloat((short) (head >> 16))), c);
    }
    a.add(c).intoArray(scratch, 0);
    return sum(scratch);
  }

  private static float q5x0(MemorySegment w, long offset, int k, float[] x, float[] pairs, float[] scratch) {
    FloatVector a = FloatVector.zero(F);
    for (int b = 0; b < k / 32; b++) {
      long o = offset + 22L * b;
      int i = 32 * b;
      long head = w.get(JAVA_LONG_UNALIGNED, o);
      int high = (int) (head >> 16);
      IntVector v = (IntVector) ByteVector.fromMemorySegment(B, w, o + 6, LE).convertShape(WIDEN, I, 0);
      IntVector q = v.and(15).or(IntVector.broadcast(I, high << 4).lanewise(RIGHT, Wide.LANE).and(16));
      FloatVector t = ((FloatVector) q.convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i), FloatVector.fromArray(F, pairs, i >> 1));
      q = v.lanewise(RIGHT, 4).or(IntVector.broadcast(I, high >>> 12).lanewise(RIGHT, Wide.LANE).and(16));
      t = ((FloatVector) q.convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 16), t);
      if (L == 8) {
        v = (IntVector) ByteVector.fromMemorySegment(B, w, o + 14, LE).convertShape(WIDEN, I, 0);
        q = v.and(15).or(IntVector.broadcast(I, high >>> 4).lanewise(RIGHT, Wide.LANE).and(16));
        t = ((FloatVector) q.convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 8), t.add(FloatVector.fromArray(F, pairs, (i >> 1) + 8)));
        q = v.lanewise(RIGHT, 4).or(IntVector.broadcast(I, high >>> 20).lanewise(RIGHT, Wide.LANE).and(16));
        t = ((FloatVector) q.convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 24), t);
      }
      a = t.fma(FloatVector.broadcast(F, Float.float16ToFloat((short) head)), a);
    }
    a.intoArray(scratch, 0);
    return sum(scratch);
  }

  private static float q5x1(MemorySegment w, long offset, int k, float[] x, float[] pairs, float[] scratch) {
    FloatVector a = FloatVector.zero(F);
    FloatVector c = a;
    for (int b = 0; b < k / 32; b++) {
      long o = offset + 24L * b;
      int i = 32 * b;
      long head = w.get(JAVA_LONG_UNALIGNED, o);
      int high = (int) (head >> 32);
      IntVector v = (IntVector) ByteVector.fromMemorySegment(B, w, o + 8, LE).convertShape(WIDEN, I, 0);
      IntVector q = v.and(15).or(IntVector.broadcast(I, high << 4).lanewise(RIGHT, Wide.LANE).and(16));
      FloatVector t = ((FloatVector) q.convert(TO_FLOAT, 0)).mul(FloatVector.fromArray(F, x, i));
      q = v.lanewise(RIGHT, 4).or(IntVector.broadcast(I, high >>> 12).lanewise(RIGHT, Wide.LANE).and(16));
      t = ((FloatVector) q.convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 16), t);
      FloatVector m = FloatVector.fromArray(F, pairs, i >> 1);
      if (L == 8) {
        v = (IntVector) ByteVector.fromMemorySegment(B, w, o + 16, LE).convertShape(WIDEN, I, 0);
        q = v.and(15).or(IntVector.broadcast(I, high >>> 4).lanewise(RIGHT, Wide.LANE).and(16));
        t = ((FloatVector) q.convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 8), t);
        q = v.lanewise(RIGHT, 4).or(IntVector.broadcast(I, high >>> 20).lanewise(RIGHT, Wide.LANE).and(16));
        t = ((FloatVector) q.convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 24), t);
        m = m.add(FloatVector.fromArray(F, pairs, (i >> 1) + 8));
      }
      a = t.fma(FloatVector.broadcast(F, Float.float16ToFloat((short) head)), a);
      c = m.fma(FloatVector.broadcast(F, Float.float16ToFloat((short) (head >> 16))), c);
    }
    a.add(c).intoArray(scratch, 0);
    return sum(scratch);
  }

  private static float sum(float[] lanes) {
    return Wide.sum(FloatVector.fromArray(F, lanes, 0));
  }
}
