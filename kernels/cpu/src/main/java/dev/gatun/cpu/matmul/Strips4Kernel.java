package dev.gatun.cpu.matmul;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Matmul on {@link Strips4} rows: one activation row in 16-bit integers, more of them in floats. */
final class Strips4Kernel extends MatmulKernel {
  private static final VectorSpecies<Short> S = VectorSpecies.of(short.class, Wide.I.vectorShape());

  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
  private static final VectorOperators.Binary RIGHT = VectorOperators.LSHR;

  private final MatmulKernel many = new ColumnKernel(Strips4Kernel::decode, Strips4.order());

  @Override
  public String activationForm() {
    return "strips4";
  }

  @Override
  public long activationBytes(int k) {
    return Strips4.activationBytes(k);
  }

  @Override
  public void activate(MemorySegment x, long xOffset, long xRowBytes, int rows, int k, MemorySegment act, long actOffset, int m0, int m1) {
    if (rows == 1) {
      Strips4.round(x, xOffset, k, act, actOffset);
    } else {
      many.activate(x, xOffset, xRowBytes, rows, k, act, actOffset, m0, m1);
    }
  }

  @Override
  public void multiply(MemorySegment act, long actOffset, long actRowBytes, int rows, MemorySegment w, long wOffset, long wRowBytes,
      int k, int n0, int n1, MemorySegment y, long yOffset, long yRowBytes) {
    if (rows != 1) {
      many.multiply(act, actOffset, actRowBytes, rows, w, wOffset, wRowBytes, k, n0, n1, y, yOffset, yRowBytes);
      return;
    }
    RoundedRow x = Panel.ofThread().rounded(k);
    MemorySegment.copy(act, JAVA_SHORT_UNALIGNED, actOffset, x.codes, 0, k);
    MemorySegment.copy(act, JAVA_INT_UNALIGNED, actOffset + Strips4.corrections(k), x.corrections, 0, k / 32);
    MemorySegment.copy(act, JAVA_FLOAT_UNALIGNED, actOffset + Strips4.scales(k), x.scales, 0, k / 32);
    for (int n = n0; n < n1; n++) {
      y.set(JAVA_FLOAT_UNALIGNED, yOffset + 4L * n, dot(w, wOffset + n * wRowBytes, k, x));
    }
  }

  /** Weights in stored order. */
  private static void decode(MemorySegment w, long offset, int k, int from, int count, float[] out, int at) {
    for (int g = from / Strips4.GROUP; g < (from + count) / Strips4.GROUP; g++) {
      for (int s = 0; s < 16; s += Wide.L) {
        FloatVector d = halves(w, offset + 32L * g + 2 * s);
        for (int j = 0; j < 4; j++) {
          word(w, offset + k / 16 + 256L * g + 64 * j + 4 * s, d, out, at + Strips4.GROUP * g - from + 128 * j + s);
        }
      }
    }
  }

  private static void word(MemorySegment row, long at, FloatVector d, float[] out, int to) {
    IntVector v = IntVector.fromMemorySegment(Wide.I, row, at, Wide.LE);
    for (int n = 0; n < 8; n++) {
      Wide.toFloats(v.and(15).sub(8)).mul(d).intoArray(out, to + 16 * n);
      v = v.lanewise(VectorOperators.LSHR, 4);
    }
  }

  /** L scales; NaN for infinities too. */
  private static FloatVector halves(MemorySegment row, long at) {
    IntVector v = Wide.shifted(Wide.shorts(row, at));
    return Wide.rescaled(v).lanewise(VectorOperators.ADD, FloatVector.broadcast(Wide.F, Float.NaN),
        v.and(0x0f800000).eq(0x0f800000).cast(Wide.F));
  }

  private static float dot(MemorySegment w, long offset, int k, RoundedRow x) {
    if (!scales(w, offset, k, x.scales, x.products)) {
      return Float.NaN;
    }
    float sum = 0;
    for (int s = 0; s < 16; s += Wide.L) {
      lanes(w, offset + k / 16 + 4 * s, s, k / Strips4.GROUP, x.codes, x.corrections, x.products, x.sums);
      sum += Wide.sum(x.sums);
    }
    return sum;
  }

  /** Writes the products of the row's scales and the activations'; false if a scale of the row is infinite or NaN. */
  private static boolean scales(MemorySegment w, long offset, int k, float[] x, float[] products) {
    IntVector special = IntVector.zero(Wide.I);
    for (int i = 0; i < k / 32; i += Wide.L) {
      IntVector v = Wide.shifted(Wide.shorts(w, offset + 2L * i));
      special = special.or(v.add(0x00800000));
      Wide.rescaled(v).mul(Wide.floats(x, i)).intoArray(products, i);
    }
    return !Wide.any(special, 0x10000000);
  }

  /**
   * What blocks [s, s + L) of every group add to the dot product, a sum for each. The four nibbles of a half are written out, the four strips are a loop: written
   * out too, they are slower by a tenth.
   */
  private static void lanes(MemorySegment w, long from, int s, int groups, short[] codes, int[] corrections, float[] products, float[] sums) {
    FloatVector a = FloatVector.zero(Wide.F);
    for (int g = 0; g < groups; g++) {
      int o = Strips4.GROUP * g + 2 * s;
      ShortVector t = ShortVector.zero(S);
      for (int j = 0; j < 4; j++) {
        ShortVector v = ShortVector.fromMemorySegment(S, w, from + (256 * g + 64 * j), LE);
        t = t.add(v.and((short) 15).mul(ShortVector.fromArray(S, codes, o + 128 * j)));
        t = t.add(v.lanewise(RIGHT, 4).and((short) 15).mul(ShortVector.fromArray(S, codes, o + 128 * j + 32)));
        t = t.add(v.lanewise(RIGHT, 8).and((short) 15).mul(ShortVector.fromArray(S, codes, o + 128 * j + 64)));
        t = t.add(v.lanewise(RIGHT, 12).mul(ShortVector.fromArray(S, codes, o + 128 * j + 96)));
      }
      IntVector p = t.reinterpretAsInts();
      IntVector q = p.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16).add(p.lanewise(VectorOperators.ASHR, 16))
          .sub(IntVector.fromArray(Wide.I, corrections, 16 * g + s));
      a = ((FloatVector) q.convert(VectorOperators.I2F, 0)).fma(FloatVector.fromArray(Wide.F, products, 16 * g + s), a);
    }
    a.intoArray(sums, 0);
  }
}
