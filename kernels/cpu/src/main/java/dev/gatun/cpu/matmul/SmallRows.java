package dev.gatun.cpu.matmul;

import static dev.gatun.cpu.matmul.Wide.L;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

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
 * {@link RowDot} of the types with blocks of 32, for vectors of sixteen and of eight floats. As in {@link KRows}, the loops call the Vector API alone;
 * where L is 16, what is only for 8 is no code at all.
 */
final class SmallRows {
  private static final VectorSpecies<Float> F = Wide.F;
  private static final VectorSpecies<Integer> I = Wide.I;
  private static final VectorSpecies<Byte> B = Wide.B;
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
  private static final VectorOperators.Conversion<Byte, Integer> WIDEN = VectorOperators.ZERO_EXTEND_B2I;
  private static final VectorOperators.Conversion<Byte, Integer> SIGNED = VectorOperators.B2I;
  private static final VectorOperators.Conversion<Integer, Float> TO_FLOAT = VectorOperators.I2F;
  private static final VectorOperators.Binary RIGHT = VectorOperators.LSHR;

  private SmallRows() {}

  static Optional<RowDot> of(DType type) {
    return switch (type) {
      case Q8_0 -> Optional.of(SmallRows::q8x0);
      case Q4_0 -> Optional.of(SmallRows::q4x0);
      case Q4_1 -> Optional.of(SmallRows::q4x1);
      case Q5_0 -> Optional.of(SmallRows::q5x0);
      case Q5_1 -> Optional.of(SmallRows::q5x1);
      default -> Optional.empty();
    };
  }

  private static float q8x0(MemorySegment w, long offset, int k, float[] x, float[] pairs, float[] scratch) {
    FloatVector a = FloatVector.zero(F);
    FloatVector c = a;
    int b = 0;
    for (; b + 2 <= k / 32; b += 2) {
      long o = offset + 34L * b;
      int i = 32 * b;
      FloatVector t = ((FloatVector) ByteVector.fromMemorySegment(B, w, o + 2, LE).convertShape(SIGNED, I, 0).convert(TO_FLOAT, 0)).mul(FloatVector.fromArray(F, x, i));
      t = ((FloatVector) ByteVector.fromMemorySegment(B, w, o + 18, LE).convertShape(SIGNED, I, 0).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 16), t);
      if (L == 8) {
        t = ((FloatVector) ByteVector.fromMemorySegment(B, w, o + 10, LE).convertShape(SIGNED, I, 0).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 8), t);
        t = ((FloatVector) ByteVector.fromMemorySegment(B, w, o + 26, LE).convertShape(SIGNED, I, 0).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 24), t);
      }
      a = t.fma(FloatVector.broadcast(F, Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, o))), a);
      t = ((FloatVector) ByteVector.fromMemorySegment(B, w, o + 36, LE).convertShape(SIGNED, I, 0).convert(TO_FLOAT, 0)).mul(FloatVector.fromArray(F, x, i + 32));
      t = ((FloatVector) ByteVector.fromMemorySegment(B, w, o + 52, LE).convertShape(SIGNED, I, 0).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 48), t);
      if (L == 8) {
        t = ((FloatVector) ByteVector.fromMemorySegment(B, w, o + 44, LE).convertShape(SIGNED, I, 0).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 40), t);
        t = ((FloatVector) ByteVector.fromMemorySegment(B, w, o + 60, LE).convertShape(SIGNED, I, 0).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 56), t);
      }
      c = t.fma(FloatVector.broadcast(F, Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, o + 34))), c);
    }
    if (b < k / 32) {
      long o = offset + 34L * b;
      int i = 32 * b;
      FloatVector t = ((FloatVector) ByteVector.fromMemorySegment(B, w, o + 2, LE).convertShape(SIGNED, I, 0).convert(TO_FLOAT, 0)).mul(FloatVector.fromArray(F, x, i));
      t = ((FloatVector) ByteVector.fromMemorySegment(B, w, o + 18, LE).convertShape(SIGNED, I, 0).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 16), t);
      if (L == 8) {
        t = ((FloatVector) ByteVector.fromMemorySegment(B, w, o + 10, LE).convertShape(SIGNED, I, 0).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 8), t);
        t = ((FloatVector) ByteVector.fromMemorySegment(B, w, o + 26, LE).convertShape(SIGNED, I, 0).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 24), t);
      }
      a = t.fma(FloatVector.broadcast(F, Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, o))), a);
    }
    a.add(c).intoArray(scratch, 0);
    return Wide.sum(scratch);
  }

  private static float q4x0(MemorySegment w, long offset, int k, float[] x, float[] pairs, float[] scratch) {
    FloatVector a = FloatVector.zero(F);
    FloatVector c = a;
    int b = 0;
    for (; b + 2 <= k / 32; b += 2) {
      int o = 18 * b;
      int i = 32 * b;
      IntVector v = (IntVector) ByteVector.fromMemorySegment(B, w, offset + (o + 2), LE).convertShape(WIDEN, I, 0);
      FloatVector t = ((FloatVector) v.and(15).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i), FloatVector.fromArray(F, pairs, i >> 1));
      t = ((FloatVector) v.lanewise(RIGHT, 4).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 16), t);
      if (L == 8) {
        v = (IntVector) ByteVector.fromMemorySegment(B, w, offset + (o + 10), LE).convertShape(WIDEN, I, 0);
        t = ((FloatVector) v.and(15).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 8), t.add(FloatVector.fromArray(F, pairs, (i >> 1) + 8)));
        t = ((FloatVector) v.lanewise(RIGHT, 4).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 24), t);
      }
      a = t.fma(FloatVector.broadcast(F, Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, offset + o))), a);
      v = (IntVector) ByteVector.fromMemorySegment(B, w, offset + (o + 20), LE).convertShape(WIDEN, I, 0);
      t = ((FloatVector) v.and(15).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 32), FloatVector.fromArray(F, pairs, (i >> 1) + 16));
      t = ((FloatVector) v.lanewise(RIGHT, 4).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 48), t);
      if (L == 8) {
        v = (IntVector) ByteVector.fromMemorySegment(B, w, offset + (o + 28), LE).convertShape(WIDEN, I, 0);
        t = ((FloatVector) v.and(15).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 40), t.add(FloatVector.fromArray(F, pairs, (i >> 1) + 24)));
        t = ((FloatVector) v.lanewise(RIGHT, 4).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 56), t);
      }
      c = t.fma(FloatVector.broadcast(F, Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, offset + (o + 18)))), c);
    }
    if (b < k / 32) {
      int o = 18 * b;
      int i = 32 * b;
      IntVector v = (IntVector) ByteVector.fromMemorySegment(B, w, offset + (o + 2), LE).convertShape(WIDEN, I, 0);
      FloatVector t = ((FloatVector) v.and(15).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i), FloatVector.fromArray(F, pairs, i >> 1));
      t = ((FloatVector) v.lanewise(RIGHT, 4).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 16), t);
      if (L == 8) {
        v = (IntVector) ByteVector.fromMemorySegment(B, w, offset + (o + 10), LE).convertShape(WIDEN, I, 0);
        t = ((FloatVector) v.and(15).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 8), t.add(FloatVector.fromArray(F, pairs, (i >> 1) + 8)));
        t = ((FloatVector) v.lanewise(RIGHT, 4).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 24), t);
      }
      a = t.fma(FloatVector.broadcast(F, Float.float16ToFloat(w.get(JAVA_SHORT_UNALIGNED, offset + o))), a);
    }
    a.add(c).intoArray(scratch, 0);
    return Wide.sum(scratch);
  }

  private static float q4x1(MemorySegment w, long offset, int k, float[] x, float[] pairs, float[] scratch) {
    FloatVector a = FloatVector.zero(F);
    FloatVector c = a;
    for (int b = 0; b < k / 32; b++) {
      int o = 20 * b;
      int i = 32 * b;
      int head = w.get(JAVA_INT_UNALIGNED, offset + o);
      IntVector v = (IntVector) ByteVector.fromMemorySegment(B, w, offset + (o + 4), LE).convertShape(WIDEN, I, 0);
      FloatVector t = ((FloatVector) v.and(15).convert(TO_FLOAT, 0)).mul(FloatVector.fromArray(F, x, i));
      t = ((FloatVector) v.lanewise(RIGHT, 4).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 16), t);
      FloatVector m = FloatVector.fromArray(F, pairs, i >> 1);
      if (L == 8) {
        v = (IntVector) ByteVector.fromMemorySegment(B, w, offset + (o + 12), LE).convertShape(WIDEN, I, 0);
        t = ((FloatVector) v.and(15).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 8), t);
        t = ((FloatVector) v.lanewise(RIGHT, 4).convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 24), t);
        m = m.add(FloatVector.fromArray(F, pairs, (i >> 1) + 8));
      }
      a = t.fma(FloatVector.broadcast(F, Float.float16ToFloat((short) head)), a);
      c = m.fma(FloatVector.broadcast(F, Float.float16ToFloat((short) (head >> 16))), c);
    }
    a.add(c).intoArray(scratch, 0);
    return Wide.sum(scratch);
  }

  private static float q5x0(MemorySegment w, long offset, int k, float[] x, float[] pairs, float[] scratch) {
    FloatVector a = FloatVector.zero(F);
    for (int b = 0; b < k / 32; b++) {
      int o = 22 * b;
      int i = 32 * b;
      long head = w.get(JAVA_LONG_UNALIGNED, offset + o);
      int high = (int) (head >> 16);
      IntVector v = (IntVector) ByteVector.fromMemorySegment(B, w, offset + (o + 6), LE).convertShape(WIDEN, I, 0);
      IntVector q = v.and(15).or(IntVector.broadcast(I, high << 4).lanewise(RIGHT, Wide.LANE).and(16));
      FloatVector t = ((FloatVector) q.convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i), FloatVector.fromArray(F, pairs, i >> 1));
      q = v.lanewise(RIGHT, 4).or(IntVector.broadcast(I, high >>> 12).lanewise(RIGHT, Wide.LANE).and(16));
      t = ((FloatVector) q.convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 16), t);
      if (L == 8) {
        v = (IntVector) ByteVector.fromMemorySegment(B, w, offset + (o + 14), LE).convertShape(WIDEN, I, 0);
        q = v.and(15).or(IntVector.broadcast(I, high >>> 4).lanewise(RIGHT, Wide.LANE).and(16));
        t = ((FloatVector) q.convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 8), t.add(FloatVector.fromArray(F, pairs, (i >> 1) + 8)));
        q = v.lanewise(RIGHT, 4).or(IntVector.broadcast(I, high >>> 20).lanewise(RIGHT, Wide.LANE).and(16));
        t = ((FloatVector) q.convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 24), t);
      }
      a = t.fma(FloatVector.broadcast(F, Float.float16ToFloat((short) head)), a);
    }
    a.intoArray(scratch, 0);
    return Wide.sum(scratch);
  }

  private static float q5x1(MemorySegment w, long offset, int k, float[] x, float[] pairs, float[] scratch) {
    FloatVector a = FloatVector.zero(F);
    FloatVector c = a;
    for (int b = 0; b < k / 32; b++) {
      int o = 24 * b;
      int i = 32 * b;
      long head = w.get(JAVA_LONG_UNALIGNED, offset + o);
      int high = (int) (head >> 32);
      IntVector v = (IntVector) ByteVector.fromMemorySegment(B, w, offset + (o + 8), LE).convertShape(WIDEN, I, 0);
      IntVector q = v.and(15).or(IntVector.broadcast(I, high << 4).lanewise(RIGHT, Wide.LANE).and(16));
      FloatVector t = ((FloatVector) q.convert(TO_FLOAT, 0)).mul(FloatVector.fromArray(F, x, i));
      q = v.lanewise(RIGHT, 4).or(IntVector.broadcast(I, high >>> 12).lanewise(RIGHT, Wide.LANE).and(16));
      t = ((FloatVector) q.convert(TO_FLOAT, 0)).fma(FloatVector.fromArray(F, x, i + 16), t);
      FloatVector m = FloatVector.fromArray(F, pairs, i >> 1);
      if (L == 8) {
        v = (IntVector) ByteVector.fromMemorySegment(B, w, offset + (o + 16), LE).convertShape(WIDEN, I, 0);
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
    return Wide.sum(scratch);
  }
}
