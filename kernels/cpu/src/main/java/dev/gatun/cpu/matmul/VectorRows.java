package dev.gatun.cpu.matmul;

import static dev.gatun.cpu.matmul.Wide.L;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.gatun.DType;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link RowDot} on the Vector API. Two blocks an iteration with an accumulator each hide the latency of the multiply-adds; four blocks run
 * into C2's inlining limits.
 */
final class VectorRows {
  private VectorRows() {}

  static Optional<RowDot> of(DType type) {
    switch (type) {
      case Q2_K, Q3_K, IQ4_NL, IQ4_XS, MXFP4, TQ1_0, TQ2_0 -> {
        return Optional.of(new DecodedRow(type, VectorDecoders.of(type)));
      }
      default -> { }
    }
    if (L >= 8 && type.isBlock()) {
      return SmallRows.of(type);
    }
    return switch (type) {
      case F32 -> Optional.of(VectorRows::f32);
      case F16 -> Optional.of(VectorRows::f16);
      case BF16 -> Optional.of(VectorRows::bf16);
      case Q8_0 -> Optional.of(VectorRows::q8x0);
      case Q4_0 -> Optional.of(VectorRows::q4x0);
      default -> Optional.empty();
    };
  }

  private static float f32(MemorySegment w, long offset, int k, float[] x, float[] pairs, float[] scratch) {
    FloatVector a = FloatVector.zero(Wide.F);
    FloatVector b = a;
    int i = 0;
    for (; i + 2 * L <= k; i += 2 * L) {
      a = FloatVector.fromMemorySegment(Wide.F, w, offset + 4 * i, Wide.LE).fma(Wide.floats(x, i), a);
      b = FloatVector.fromMemorySegment(Wide.F, w, offset + (4 * i + 4 * L), Wide.LE).fma(Wide.floats(x, i + L), b);
    }
    a.add(b).intoArray(scratch, 0);
    float sum = Wide.sum(scratch);
    for (; i < k; i++) {
      sum += w.get(JAVA_FLOAT_UNALIGNED, offset + 4 * i) * x[i];
    }
    return sum;
  }

  private static float f16(MemorySegment w, long offset, int k, float[] x, float[] pairs, float[] scratch) {
    FloatVector a = FloatVector.zero(Wide.F);
    FloatVector b = a;
    IntVector special = IntVector.zero(Wide.I);
    int i = 0;
    for (; i + 2 * L <= k; i += 2 * L) {
      IntVector v = Wide.shifted(Wide.shorts(w, offset + 2 * i));
      special = special.or(v.add(0x00800000));
      a = Wide.rescaled(v).fma(Wide.floats(x, i), a);
      v = Wide.shifted(Wide.shorts(w, offset + (2 * i + 2 * L)));
      special = special.or(v.add(0x00800000));
      b = Wide.rescaled(v).fma(Wide.floats(x, i + L), b);
    }
    a.add(b).intoArray(scratch, 0);
    float sum = Wide.sum(scratch);
    for (; i < k; i++) {
      sum += Wide.half(w, offset + 2 * i) * x[i];
    }
    return Wide.any(special, 0x10000000) ? exceptional(w, offset, k, x) : sum;
  }

  /** The dot product where F16 infinities or NaN are among the weights. */
  private static float exceptional(MemorySegment w, long offset, int k, float[] x) {
    float sum = 0;
    for (int i = 0; i < k; i++) {
      sum += Wide.half(w, offset + 2 * i) * x[i];
    }
    return sum;
  }

  private static float bf16(MemorySegment w, long offset, int k, float[] x, float[] pairs, float[] scratch) {
    FloatVector a = FloatVector.zero(Wide.F);
    FloatVector b = a;
    int i = 0;
    for (; i + 2 * L <= k; i += 2 * L) {
      a = Wide.brains(w, offset + 2 * i).fma(Wide.floats(x, i), a);
      b = Wide.brains(w, offset + (2 * i + 2 * L)).fma(Wide.floats(x, i + L), b);
    }
    a.add(b).intoArray(scratch, 0);
    float sum = Wide.sum(scratch);
    for (; i < k; i++) {
      sum += Float.intBitsToFloat(w.get(JAVA_SHORT_UNALIGNED, offset + 2 * i) << 16) * x[i];
    }
    return sum;
  }

  private static float q8x0(MemorySegment w, long offset, int k, float[] x, float[] pairs, float[] scratch) {
    int blocks = k / 32;
    FloatVector a = FloatVector.zero(Wide.F);
    FloatVector c = a;
    int b = 0;
    for (; b + 2 <= blocks; b += 2) {
      long o = offset + 34L * b;
      a = bytes(w, o + 2, x, 32 * b).fma(Wide.all(Wide.half(w, o)), a);
      c = bytes(w, o + 36, x, 32 * b + 32).fma(Wide.all(Wide.half(w, o + 34)), c);
    }
    if (b < blocks) {
      a.intoArray(scratch, 0);
      c.intoArray(scratch, L);
      return lastQ8x0(w, offset + 34L * b, x, 32 * b, scratch);
    }
    a.add(c).intoArray(scratch, 0);
    return Wide.sum(scratch);
  }

  /** The odd block and the sum: with it the loop would be over what C2 inlines, and every row of weights would make objects. */
  private static float lastQ8x0(MemorySegment w, long o, float[] x, int i, float[] scratch) {
    bytes(w, o + 2, x, i).fma(Wide.all(Wide.half(w, o)), Wide.floats(scratch, 0)).add(Wide.floats(scratch, L)).intoArray(scratch, 0);
    return Wide.sum(scratch);
  }

  /** Partial sums of 32 signed bytes times 32 activations. */
  private static FloatVector bytes(MemorySegment w, long at, float[] x, int i) {
    FloatVector t = Wide.toFloats(Wide.signed(w, at)).mul(Wide.floats(x, i));
    if (L == 16) {
      return Wide.toFloats(Wide.signed(w, at + 16)).fma(Wide.floats(x, i + 16), t);
    }
    for (int j = L; j < 32; j += L) {
      t = Wide.toFloats(Wide.signed(w, at + j)).fma(Wide.floats(x, i + j), t);
    }
    return t;
  }

  private static float q4x0(MemorySegment w, long offset, int k, float[] x, float[] pairs, float[] scratch) {
    int blocks = k / 32;
    FloatVector a = FloatVector.zero(Wide.F);
    FloatVector c = a;
    int b = 0;
    for (; b + 2 <= blocks; b += 2) {
      long o = offset + 18L * b;
      a = nibbles(w, o + 2, x, 32 * b, pairs).fma(Wide.all(Wide.half(w, o)), a);
      c = nibbles(w, o + 20, x, 32 * b + 32, pairs).fma(Wide.all(Wide.half(w, o + 18)), c);
    }
    if (b < blocks) {
      a.intoArray(scratch, 0);
      c.intoArray(scratch, L);
      return lastQ4x0(w, offset + 18L * b, x, 32 * b, pairs, scratch);
    }
    a.add(c).intoArray(scratch, 0);
    return Wide.sum(scratch);
  }

  private static float lastQ4x0(MemorySegment w, long o, float[] x, int i, float[] pairs, float[] scratch) {
    nibbles(w, o + 2, x, i, pairs).fma(Wide.all(Wide.half(w, o)), Wide.floats(scratch, 0)).add(Wide.floats(scratch, L))
        .intoArray(scratch, 0);
    return Wide.sum(scratch);
  }

  /** Partial sums of 32 nibbles, each less 8, times 32 activations. */
  private static FloatVector nibbles(MemorySegment w, long at, float[] x, int i, float[] pairs) {
    IntVector v = Wide.unsigned(w, at);
    FloatVector t = Wide.toFloats(v.and(15)).fma(Wide.floats(x, i), Wide.floats(pairs, i >> 1));
    t = Wide.toFloats(v.lanewise(VectorOperators.LSHR, 4)).fma(Wide.floats(x, i + 16), t);
    for (int j = L; j < 16; j += L) {
      v = Wide.unsigned(w, at + j);
      t = Wide.toFloats(v.and(15)).fma(Wide.floats(x, i + j), t.add(Wide.floats(pairs, (i >> 1) + j)));
      t = Wide.toFloats(v.lanewise(VectorOperators.LSHR, 4)).fma(Wide.floats(x, i + 16 + j), t);
    }
    return t;
  }
}
