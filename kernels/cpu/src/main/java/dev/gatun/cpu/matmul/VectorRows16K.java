package dev.gatun.cpu.matmul;

import dev.gatun.DType;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link RowDot} of the K-quants for vectors of sixteen floats. A first pass over the row takes its scales apart, a second one, up to 64
 * elements an iteration, needs only floats to broadcast: together they pass C2's inlining limits, vectors are boxed and the rate falls to 1 GB/s.
 */
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

  private static float q4k(MemorySegment w, long offset, int k, float[] x, float[] sixteens, float[] scratch) {
    MemorySegment row = w.asSlice(offset, 144L * (k / 256));
    float[] scales = Panel.ofThread().scales(k / 32);
    KScales.affine(row, k / 256, 144, scales, scratch);
    return KScales.ofThirtyTwos(k / 32, scratch, sixteens) + q4k(row, k / 64, x, scales);
  }

  private static float q4k(MemorySegment row, int quarters, float[] x, float[] scales) {
    IntVector fifteen = IntVector.broadcast(Wide.I, 15);
    FloatVector a = FloatVector.zero(Wide.F);
    FloatVector c = a;
    for (int g = 0; g < quarters; g++) {
      long at = 144L * (g >> 2) + 32 * (g & 3);
      int i = 64 * g;
      IntVector v = Wide.unsigned(row, at + 16);
      IntVector u = Wide.unsigned(row, at + 32);
      FloatVector t = Wide.toFloats(v.and(fifteen)).mul(Wide.floats(x, i));
      t = Wide.toFloats(u.and(fifteen)).fma(Wide.floats(x, i + 16), t);
      a = t.fma(Wide.all(scales[2 * g]), a);
      t = Wide.toFloats(v.lanewise(VectorOperators.LSHR, 4)).mul(Wide.floats(x, i + 32));
      t = Wide.toFloats(u.lanewise(VectorOperators.LSHR, 4)).fma(Wide.floats(x, i + 48), t);
      c = t.fma(Wide.all(scales[2 * g + 1]), c);
    }
    return Wide.sum(a.add(c));
  }

  private static float q5k(MemorySegment w, long offset, int k, float[] x, float[] sixteens, float[] scratch) {
    MemorySegment row = w.asSlice(offset, 176L * (k / 256));
    float[] scales = Panel.ofThread().scales(k / 32);
    KScales.affine(row, k / 256, 176, scales, scratch);
    return KScales.ofThirtyTwos(k / 32, scratch, sixteens) + q5k(row, k / 16, x, scales);
  }

  /** Sixteen elements an iteration: group g is a nibble of the bytes of group pair g/2 and bit g of the high bits. */
  private static float q5k(MemorySegment row, int strips, float[] x, float[] scales) {
    IntVector fifteen = IntVector.broadcast(Wide.I, 15);
    IntVector sixteen = IntVector.broadcast(Wide.I, 16);
    FloatVector a = FloatVector.zero(Wide.F);
    for (int s = 0; s < strips; s++) {
      int g = s >> 1;
      long at = 176L * (g >> 3) + 16 + 16 * (s & 1);
      IntVector high = Wide.unsigned(row, at).lanewise(VectorOperators.LSHL, 4).lanewise(VectorOperators.LSHR, g & 7).and(sixteen);
      IntVector v = Wide.unsigned(row, at + 32 + 32 * (g >> 1 & 3)).lanewise(VectorOperators.LSHR, 4 * (g & 1)).and(fifteen).or(high);
      a = Wide.toFloats(v).mul(Wide.floats(x, 16 * s)).fma(Wide.all(scales[g]), a);
    }
    return Wide.sum(a);
  }

  private static float q6k(MemorySegment w, long offset, int k, float[] x, float[] sixteens, float[] scratch) {
    MemorySegment row = w.asSlice(offset, 210L * (k / 256));
    KScales.signed(row, k / 256, scratch);
    return KScales.ofSixteens(k / 16, scratch, sixteens) + q6k(row, k / 64, x, scratch);
  }

  /** Sixteen elements of each quarter of a half block an iteration; the sums of sixteen have taken off the 32. */
  private static float q6k(MemorySegment row, int pieces, float[] x, float[] scales) {
    IntVector fifteen = IntVector.broadcast(Wide.I, 15);
    IntVector upper = IntVector.broadcast(Wide.I, 48);
    FloatVector a = FloatVector.zero(Wide.F);
    FloatVector c = a;
    for (int g = 0; g < pieces; g++) {
      long block = 210L * (g >> 2);
      int l = 16 * (g & 1);
      long low = block + 64 * (g >> 1 & 1) + l;
      int i = 128 * (g >> 1) + l;
      IntVector q = Wide.unsigned(row, block + 128 + 32 * (g >> 1 & 1) + l);
      IntVector v = Wide.unsigned(row, low);
      IntVector u = Wide.unsigned(row, low + 32);
      FloatVector t = Wide.toFloats(v.and(fifteen).or(q.lanewise(VectorOperators.LSHL, 4).and(upper))).mul(Wide.floats(x, i));
      a = t.fma(Wide.all(scales[i >> 4]), a);
      t = Wide.toFloats(u.and(fifteen).or(q.lanewise(VectorOperators.LSHL, 2).and(upper))).mul(Wide.floats(x, i + 32));
      c = t.fma(Wide.all(scales[(i >> 4) + 2]), c);
      t = Wide.toFloats(v.lanewise(VectorOperators.LSHR, 4).or(q.and(upper))).mul(Wide.floats(x, i + 64));
      a = t.fma(Wide.all(scales[(i >> 4) + 4]), a);
      t = Wide.toFloats(u.lanewise(VectorOperators.LSHR, 4).or(q.lanewise(VectorOperators.LSHR, 2).and(upper))).mul(Wide.floats(x, i + 96));
      c = t.fma(Wide.all(scales[(i >> 4) + 6]), c);
    }
    return Wide.sum(a.add(c));
  }
}
