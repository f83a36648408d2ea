package dev.gatun.cpu.matmul;

import dev.gatun.DType;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link RowDot} for vectors of sixteen floats, where half a block of 32 is one vector. The loops are written out: C2 does not inline a
 * helper of several vector operations once it has compiled it on its own, and a vector that crosses a call is boxed (Q4_0 fell from 8 to
 * 2 GB/s).
 */
final class VectorRows16 {
  private VectorRows16() {}

  static Optional<RowDot> of(DType type) {
    return switch (type) {
      case Q8_0 -> Optional.of(VectorRows16::q8x0);
      case Q4_0 -> Optional.of(VectorRows16::q4x0);
      default -> Optional.empty();
    };
  }

  private static float q8x0(MemorySegment w, long offset, int k, float[] x, float[] pairs, float[] scratch) {
    int blocks = k / 32;
    FloatVector a = FloatVector.zero(Wide.F);
    FloatVector c = a;
    int b = 0;
    for (; b + 2 <= blocks; b += 2) {
      long o = offset + 34L * b;
      int i = 32 * b;
      FloatVector t = Wide.toFloats(Wide.signed(w, o + 2)).mul(Wide.floats(x, i));
      t = Wide.toFloats(Wide.signed(w, o + 18)).fma(Wide.floats(x, i + 16), t);
      a = t.fma(Wide.all(Wide.half(w, o)), a);
      t = Wide.toFloats(Wide.signed(w, o + 36)).mul(Wide.floats(x, i + 32));
      t = Wide.toFloats(Wide.signed(w, o + 52)).fma(Wide.floats(x, i + 48), t);
      c = t.fma(Wide.all(Wide.half(w, o + 34)), c);
    }
    if (b < blocks) {
      a.intoArray(scratch, 0);
      c.intoArray(scratch, 16);
      return lastQ8x0(w, offset + 34L * b, x, 32 * b, scratch);
    }
    return Wide.sum(a.add(c));
  }

  /** The odd block and the sum: with it the loop would be over what C2 inlines, and every row of weights would make objects. */
  private static float lastQ8x0(MemorySegment w, long o, float[] x, int i, float[] scratch) {
    FloatVector t = Wide.toFloats(Wide.signed(w, o + 2)).mul(Wide.floats(x, i));
    t = Wide.toFloats(Wide.signed(w, o + 18)).fma(Wide.floats(x, i + 16), t);
    return Wide.sum(t.fma(Wide.all(Wide.half(w, o)), Wide.floats(scratch, 0)).add(Wide.floats(scratch, 16)));
  }

  private static float q4x0(MemorySegment w, long offset, int k, float[] x, float[] pairs, float[] scratch) {
    int blocks = k / 32;
    FloatVector a = FloatVector.zero(Wide.F);
    FloatVector c = a;
    int b = 0;
    for (; b + 2 <= blocks; b += 2) {
      long o = offset + 18L * b;
      int i = 32 * b;
      IntVector v = Wide.unsigned(w, o + 2);
      FloatVector t = Wide.toFloats(v.and(15)).fma(Wide.floats(x, i), Wide.floats(pairs, i >> 1));
      t = Wide.toFloats(v.lanewise(VectorOperators.LSHR, 4)).fma(Wide.floats(x, i + 16), t);
      a = t.fma(Wide.all(Wide.half(w, o)), a);
      v = Wide.unsigned(w, o + 20);
      t = Wide.toFloats(v.and(15)).fma(Wide.floats(x, i + 32), Wide.floats(pairs, (i >> 1) + 16));
      t = Wide.toFloats(v.lanewise(VectorOperators.LSHR, 4)).fma(Wide.floats(x, i + 48), t);
      c = t.fma(Wide.all(Wide.half(w, o + 18)), c);
    }
    if (b < blocks) {
      a.intoArray(scratch, 0);
      c.intoArray(scratch, 16);
      return lastQ4x0(w, offset + 18L * b, x, 32 * b, pairs, scratch);
    }
    return Wide.sum(a.add(c));
  }

  private static float lastQ4x0(MemorySegment w, long o, float[] x, int i, float[] pairs, float[] scratch) {
    IntVector v = Wide.unsigned(w, o + 2);
    FloatVector t = Wide.toFloats(v.and(15)).fma(Wide.floats(x, i), Wide.floats(pairs, i >> 1));
    t = Wide.toFloats(v.lanewise(VectorOperators.LSHR, 4)).fma(Wide.floats(x, i + 16), t);
    return Wide.sum(t.fma(Wide.all(Wide.half(w, o)), Wide.floats(scratch, 0)).add(Wide.floats(scratch, 16)));
  }
}
