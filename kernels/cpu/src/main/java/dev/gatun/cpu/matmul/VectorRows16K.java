package dev.gatun.cpu.matmul;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.gatun.DType;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** {@link RowDot} of the K-quants for vectors of sixteen floats; 64 or 128 elements an iteration. */
final class VectorRows16K {
  private VectorRows16K() {}

  static Optional<RowDot> of(DType type) {
    return switch (type) {
      case Q4_K -> Optional.of(VectorRows16K::q4k);
      case Q5_K -> Optional.of(VectorRows16K::q5k);
      case Q6_K -> Optional.of(VectorRows16K::q6k);
      default -> Optional.empty();
    };
  }

  private static float q4k(MemorySegment w, long offset, int k, float[] x, float[] pairs, float[] scratch) {
    int quarters = k / 64;
    MemorySegment row = w.asSlice(offset, 36L * quarters);
    FloatVector a = FloatVector.zero(Wide.F);
    FloatVector c = a;
    for (int g = 0; g < quarters; g++) {
      long block = 144L * (g >> 2);
      int h = g & 3;
      int i = 64 * g;
      float d = Wide.half(row, block);
      float dmin = -Wide.half(row, block + 2);
      IntVector v = Wide.unsigned(row, block + 16 + 32 * h);
      IntVector u = Wide.unsigned(row, block + 32 + 32 * h);
      FloatVector t = Wide.toFloats(v.and(15)).mul(Wide.floats(x, i));
      t = Wide.toFloats(u.and(15)).fma(Wide.floats(x, i + 16), t);
      a = t.fma(Wide.all(d * KScales.scale(row, block + 4, 2 * h)), a);
      a = Wide.floats(pairs, i >> 1).fma(Wide.all(dmin * KScales.min(row, block + 4, 2 * h)), a);
      t = Wide.toFloats(v.lanewise(VectorOperators.LSHR, 4)).mul(Wide.floats(x, i + 32));
      t = Wide.toFloats(u.lanewise(VectorOperators.LSHR, 4)).fma(Wide.floats(x, i + 48), t);
      c = t.fma(Wide.all(d * KScales.scale(row, block + 4, 2 * h + 1)), c);
      c = Wide.floats(pairs, (i >> 1) + 16).fma(Wide.all(dmin * KScales.min(row, block + 4, 2 * h + 1)), c);
    }
    return Wide.sum(a.add(c));
  }

  private static float q5k(MemorySegment w, long offset, int k, float[] x, float[] pairs, float[] scratch) {
    int quarters = k / 64;
    MemorySegment row = w.asSlice(offset, 44L * quarters);
    FloatVector a = FloatVector.zero(Wide.F);
    FloatVector c = a;
    for (int g = 0; g < quarters; g++) {
      long block = 176L * (g >> 2);
      int h = g & 3;
      int i = 64 * g;
      float d = Wide.half(row, block);
      float dmin = -Wide.half(row, block + 2);
      IntVector v = Wide.unsigned(row, block + 48 + 32 * h);
      IntVector u = Wide.unsigned(row, block + 64 + 32 * h);
      IntVector p = Wide.unsigned(row, block + 16).lanewise(VectorOperators.LSHL, 4 - h).lanewise(VectorOperators.LSHR, h);
      IntVector q = Wide.unsigned(row, block + 32).lanewise(VectorOperators.LSHL, 4 - h).lanewise(VectorOperators.LSHR, h);
      FloatVector t = Wide.toFloats(v.and(15).or(p.and(16))).mul(Wide.floats(x, i));
      t = Wide.toFloats(u.and(15).or(q.and(16))).fma(Wide.floats(x, i + 16), t);
      a = t.fma(Wide.all(d * KScales.scale(row, block + 4, 2 * h)), a);
      a = Wide.floats(pairs, i >> 1).fma(Wide.all(dmin * KScales.min(row, block + 4, 2 * h)), a);
      p = p.lanewise(VectorOperators.LSHR, 1);
      q = q.lanewise(VectorOperators.LSHR, 1);
      t = Wide.toFloats(v.lanewise(VectorOperators.LSHR, 4).or(p.and(16))).mul(Wide.floats(x, i + 32));
      t = Wide.toFloats(u.lanewise(VectorOperators.LSHR, 4).or(q.and(16))).fma(Wide.floats(x, i + 48), t);
      c = t.fma(Wide.all(d * KScales.scale(row, block + 4, 2 * h + 1)), c);
      c = Wide.floats(pairs, (i >> 1) + 16).fma(Wide.all(dmin * KScales.min(row, block + 4, 2 * h + 1)), c);
    }
    return Wide.sum(a.add(c));
  }

  private static float q6k(MemorySegment w, long offset, int k, float[] x, float[] pairs, float[] scratch) {
    int pieces = k / 64;
    MemorySegment row = w.asSlice(offset, 210L * (k / 256));
    FloatVector a = FloatVector.zero(Wide.F);
    FloatVector c = a;
    for (int g = 0; g < pieces; g++) {
      long block = 210L * (g >> 2);
      int h = g >> 1 & 1;
      int l = 16 * (g & 1);
      int i = 128 * (g >> 1) + l;
      float d = Wide.half(row, block + 208);
      long scales = block + 192 + 8 * h + (g & 1);
      IntVector q = Wide.unsigned(row, block + 128 + 32 * h + l);
      IntVector v = Wide.unsigned(row, block + 64 * h + l);
      IntVector u = Wide.unsigned(row, block + 64 * h + 32 + l);
      FloatVector t = Wide.toFloats(v.and(15).or(q.lanewise(VectorOperators.LSHL, 4).and(48)).sub(32)).mul(Wide.floats(x, i));
      a = t.fma(Wide.all(d * row.get(JAVA_BYTE, scales)), a);
      t = Wide.toFloats(u.and(15).or(q.lanewise(VectorOperators.LSHL, 2).and(48)).sub(32)).mul(Wide.floats(x, i + 32));
      c = t.fma(Wide.all(d * row.get(JAVA_BYTE, scales + 2)), c);
      t = Wide.toFloats(v.lanewise(VectorOperators.LSHR, 4).or(q.and(48)).sub(32)).mul(Wide.floats(x, i + 64));
      a = t.fma(Wide.all(d * row.get(JAVA_BYTE, scales + 4)), a);
      t = Wide.toFloats(u.lanewise(VectorOperators.LSHR, 4).or(q.lanewise(VectorOperators.LSHR, 2).and(48)).sub(32)).mul(Wide.floats(x, i + 96));
      c = t.fma(Wide.all(d * row.get(JAVA_BYTE, scales + 6)), c);
    }
    return Wide.sum(a.add(c));
  }
}
