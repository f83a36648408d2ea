package dev.gatun.cpu.op;

import static dev.gatun.cpu.op.View.FLOAT;

import dev.gatun.cpu.format.Dequantizer;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link RowMath} on the Java Vector API. Exponentials and sums across lanes are written out: the API's own give other bits interpreted than compiled.
 * What is left of a row after whole vectors is done in plain Java.
 */
final class VectorRowMath extends RowMath {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();
  private static final long STEP = 4L * LANES;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private static final VectorShuffle<Float> SWAP = VectorShuffle.fromOp(SPECIES, i -> i ^ 1);

  private static final float LOG2_E = (float) (1 / Math.log(2));
  private static final float LN2_HIGH = (float) Math.log(2);
  private static final float LN2_LOW = (float) (Math.log(2) - LN2_HIGH);
  /** Adding it leaves the nearest whole number in the lowest bits. */
  private static final float ROUNDER = 0x1.8p23f;
  private static final float EXP_ZERO_BELOW = -87.33654f;
  private static final float EXP_INFINITE_ABOVE = 88.72283f;

  private static FloatVector load(MemorySegment memory, long at) {
    return FloatVector.fromMemorySegment(SPECIES, memory, at, ORDER);
  }

  private static FloatVector zero() {
    return FloatVector.zero(SPECIES);
  }

  /**
   * e^x: {@code 2^k · e^r} with {@code |r| ≤ ln(2)/2}, and Taylor's series to the seventh power, whose rest is a tenth of an ulp. What a decoded token runs has it written out:
   * C2 does not inline it any more once it has compiled it on its own, and the vectors that cross the call would be objects.
   */
  private static FloatVector exp(FloatVector x) {
    FloatVector shifted = x.fma(FloatVector.broadcast(SPECIES, LOG2_E), FloatVector.broadcast(SPECIES, ROUNDER));
    FloatVector k = shifted.sub(ROUNDER);
    FloatVector r = k.fma(FloatVector.broadcast(SPECIES, -LN2_HIGH), x);
    r = k.fma(FloatVector.broadcast(SPECIES, -LN2_LOW), r);
    FloatVector p = r.fma(FloatVector.broadcast(SPECIES, 1f / 5040), FloatVector.broadcast(SPECIES, 1f / 720));
    p = p.fma(r, FloatVector.broadcast(SPECIES, 1f / 120));
    p = p.fma(r, FloatVector.broadcast(SPECIES, 1f / 24));
    p = p.fma(r, FloatVector.broadcast(SPECIES, 1f / 6));
    p = p.fma(r, FloatVector.broadcast(SPECIES, 0.5f));
    p = p.fma(r.mul(r), r).add(1);
    // The rounder's own bits leave through the shift's upper end.
    IntVector exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
    FloatVector scaled = p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
    // x − x is NaN for a NaN, whose exponent bits mean nothing.
    scaled = scaled.add(x.sub(x));
    return scaled.blend(0f, x.lt(EXP_ZERO_BELOW)).blend(Float.POSITIVE_INFINITY, x.compare(VectorOperators.GT, EXP_INFINITE_ABOVE));
  }

  private static FloatVector logistic(FloatVector x, FloatVector minusArgument) {
    return x.div(exp(minusArgument).add(1));
  }

  @Override
  public float dot(MemorySegment a, long ao, MemorySegment b, long bo, int n) {
    FloatVector s0 = zero();
    FloatVector s1 = zero();
    int i = 0;
    for (; i <= n - 2 * LANES; i += 2 * LANES) {
      long at = 4L * i;
      s0 = load(a, ao + at).fma(load(b, bo + at), s0);
      s1 = load(a, ao + at + STEP).fma(load(b, bo + at + STEP), s1);
    }
    for (; i <= n - LANES; i += LANES) {
      s0 = load(a, ao + 4L * i).fma(load(b, bo + 4L * i), s0);
    }
    return VectorProducts.total(s0.add(s1)) + VectorProducts.rest(a, ao, b, bo, i, n);
  }

  @Override
  public void dots(MemorySegment x, long xo, long xStride, int queries, MemorySegment rows, long ro, long stride, int count, int n, float scale,
      MemorySegment out, long oo, long outStride) {
    for (int i = 0; i < queries; i++) {
      VectorProducts.oneRow(x, xo + i * xStride, rows, ro, stride, count, n, scale, out, oo + i * outStride);
    }
  }

  @Override
  public void accumulate(MemorySegment p, long po, long pStride, int queries, int count, MemorySegment rows, long ro, long stride, MemorySegment y,
      long yo, long yStride, int n) {
    int i = 0;
    for (; i <= queries - 2; i += 2) {
      VectorSums.twoRows(p, po + i * pStride, pStride, count, rows, ro, stride, y, yo + i * yStride, yStride, n);
    }
    if (i < queries) {
      VectorSums.oneRow(p, po + i * pStride, count, rows, ro, stride, y, yo + i * yStride, n, 0);
    }
  }

  @Override
  public void widen(Dequantizer type, MemorySegment rows, long ro, long stride, int count, MemorySegment y, long yo, long yStride, int n) {
    switch (type.type()) {
      case F16 -> {
        for (int j = 0; j < count; j++) {
          if (!VectorWidening.f16(rows, ro + j * stride, y, yo + j * yStride, n)) {
            type.row(rows, ro + j * stride, y, yo + j * yStride, n);
          }
        }
      }
      case BF16 -> {
        for (int j = 0; j < count; j++) {
          VectorWidening.bf16(rows, ro + j * stride, y, yo + j * yStride, n);
        }
      }
      case Q8_0 -> {
        if (!VectorWidening.SERVES_BYTES) {
          super.widen(type, rows, ro, stride, count, y, yo, yStride, n);
          return;
        }
        for (int j = 0; j < count; j++) {
          VectorWidening.q8(rows, ro + j * stride, y, yo + j * yStride, n);
        }
      }
      default -> super.widen(type, rows, ro, stride, count, y, yo, yStride, n);
    }
  }

  @Override
  public float sumOfSquares(MemorySegment x, long xo, int n) {
    return dot(x, xo, x, xo, n);
  }

  @Override
  public float max(MemorySegment x, long xo, int n) {
    FloatVector largest = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      largest = largest.max(load(x, xo + 4L * i));
    }
    float result = largest.reduceLanes(VectorOperators.MAX);
    for (; i < n; i++) {
      result = Math.max(result, x.get(FLOAT, xo + 4L * i));
    }
    return result;
  }

  @Override
  public int indexOf(MemorySegment x, long xo, int n, float value) {
    int i = 0;
    boolean nan = Float.isNaN(value);
    for (; i <= n - LANES; i += LANES) {
      FloatVector v = load(x, xo + 4L * i);
      VectorMask<Float> found = nan ? v.test(VectorOperators.IS_NAN) : v.eq(value);
      if (found.anyTrue()) {
        return i + found.firstTrue();
      }
    }
    for (; i < n; i++) {
      float element = x.get(FLOAT, xo + 4L * i);
      if (element == value || nan && Float.isNaN(element)) {
        return i;
      }
    }
    return -1;
  }

  @Override
  public float exp(MemorySegment x, long xo, float shift, float scale, MemorySegment y, long yo, int n) {
    FloatVector sum = zero();
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      FloatVector v = load(x, xo + 4L * i).sub(shift).mul(scale);
      FloatVector shifted = v.fma(FloatVector.broadcast(SPECIES, LOG2_E), FloatVector.broadcast(SPECIES, ROUNDER));
      FloatVector k = shifted.sub(ROUNDER);
      FloatVector r = k.fma(FloatVector.broadcast(SPECIES, -LN2_HIGH), v);
      r = k.fma(FloatVector.broadcast(SPECIES, -LN2_LOW), r);
      FloatVector p = r.fma(FloatVector.broadcast(SPECIES, 1f / 5040), FloatVector.broadcast(SPECIES, 1f / 720));
      p = p.fma(r, FloatVector.broadcast(SPECIES, 1f / 120));
      p = p.fma(r, FloatVector.broadcast(SPECIES, 1f / 24));
      p = p.fma(r, FloatVector.broadcast(SPECIES, 1f / 6));
      p = p.fma(r, FloatVector.broadcast(SPECIES, 0.5f));
      p = p.fma(r.mul(r), r).add(1);
      FloatVector e = p.reinterpretAsInts().add(shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats().add(v.sub(v));
      e = e.blend(0f, v.lt(EXP_ZERO_BELOW)).blend(Float.POSITIVE_INFINITY, v.compare(VectorOperators.GT, EXP_INFINITE_ABOVE));
      e.intoMemorySegment(y, yo + 4L * i, ORDER);
      sum = sum.add(e);
    }
    float result = VectorProducts.total(sum);
    for (; i < n; i++) {
      float v = ScalarRowMath.exp((x.get(FLOAT, xo + 4L * i) - shift) * scale);
      y.set(FLOAT, yo + 4L * i, v);
      result += v;
    }
    return result;
  }

  @Override
  public void add(MemorySegment a, long ao, MemorySegment b, long bo, MemorySegment y, long yo, int n) {
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      load(a, ao + 4L * i).add(load(b, bo + 4L * i)).intoMemorySegment(y, yo + 4L * i, ORDER);
    }
    for (; i < n; i++) {
      y.set(FLOAT, yo + 4L * i, a.get(FLOAT, ao + 4L * i) + b.get(FLOAT, bo + 4L * i));
    }
  }

  @Override
  public void mul(MemorySegment a, long ao, MemorySegment b, long bo, MemorySegment y, long yo, int n) {
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      load(a, ao + 4L * i).mul(load(b, bo + 4L * i)).intoMemorySegment(y, yo + 4L * i, ORDER);
    }
    for (; i < n; i++) {
      y.set(FLOAT, yo + 4L * i, a.get(FLOAT, ao + 4L * i) * b.get(FLOAT, bo + 4L * i));
    }
  }

  @Override
  public void scale(MemorySegment x, long xo, float factor, MemorySegment y, long yo, int n) {
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      load(x, xo + 4L * i).mul(factor).intoMemorySegment(y, yo + 4L * i, ORDER);
    }
    for (; i < n; i++) {
      y.set(FLOAT, yo + 4L * i, factor * x.get(FLOAT, xo + 4L * i));
    }
  }

  @Override
  public void normalize(MemorySegment x, long xo, float factor, MemorySegment weight, long wo, MemorySegment y, long yo, int n) {
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      load(x, xo + 4L * i).mul(factor).mul(load(weight, wo + 4L * i)).intoMemorySegment(y, yo + 4L * i, ORDER);
    }
    for (; i < n; i++) {
      y.set(FLOAT, yo + 4L * i, x.get(FLOAT, xo + 4L * i) * factor * weight.get(FLOAT, wo + 4L * i));
    }
  }

  @Override
  public void siluMul(MemorySegment gate, long go, MemorySegment up, long uo, MemorySegment y, long yo, int n) {
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      FloatVector g = load(gate, go + 4L * i);
      FloatVector v = g.neg();
      FloatVector shifted = v.fma(FloatVector.broadcast(SPECIES, LOG2_E), FloatVector.broadcast(SPECIES, ROUNDER));
      FloatVector k = shifted.sub(ROUNDER);
      FloatVector r = k.fma(FloatVector.broadcast(SPECIES, -LN2_HIGH), v);
      r = k.fma(FloatVector.broadcast(SPECIES, -LN2_LOW), r);
      FloatVector p = r.fma(FloatVector.broadcast(SPECIES, 1f / 5040), FloatVector.broadcast(SPECIES, 1f / 720));
      p = p.fma(r, FloatVector.broadcast(SPECIES, 1f / 120));
      p = p.fma(r, FloatVector.broadcast(SPECIES, 1f / 24));
      p = p.fma(r, FloatVector.broadcast(SPECIES, 1f / 6));
      p = p.fma(r, FloatVector.broadcast(SPECIES, 0.5f));
      p = p.fma(r.mul(r), r).add(1);
      FloatVector e = p.reinterpretAsInts().add(shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats().add(v.sub(v));
      e = e.blend(0f, v.lt(EXP_ZERO_BELOW)).blend(Float.POSITIVE_INFINITY, v.compare(VectorOperators.GT, EXP_INFINITE_ABOVE));
      g.div(e.add(1)).mul(load(up, uo + 4L * i)).intoMemorySegment(y, yo + 4L * i, ORDER);
    }
    for (; i < n; i++) {
      y.set(FLOAT, yo + 4L * i, ScalarRowMath.silu(gate.get(FLOAT, go + 4L * i)) * up.get(FLOAT, uo + 4L * i));
    }
  }

  @Override
  public void geluTanh(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    float linear = (float) (-2 * Math.sqrt(2 / Math.PI));
    float cubic = (float) (-2 * Math.sqrt(2 / Math.PI) * 0.044715);
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      FloatVector v = load(x, xo + 4L * i);
      FloatVector argument = v.mul(v).fma(FloatVector.broadcast(SPECIES, cubic), FloatVector.broadcast(SPECIES, linear)).mul(v);
      logistic(v, argument).intoMemorySegment(y, yo + 4L * i, ORDER);
    }
    for (; i < n; i++) {
      y.set(FLOAT, yo + 4L * i, ScalarRowMath.geluTanh(x.get(FLOAT, xo + 4L * i)));
    }
  }

  @Override
  public void softcap(MemorySegment x, long xo, float cap, MemorySegment y, long yo, int n) {
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      tanh(load(x, xo + 4L * i).div(cap)).mul(cap).intoMemorySegment(y, yo + 4L * i, ORDER);
    }
    for (; i < n; i++) {
      y.set(FLOAT, yo + 4L * i, ScalarRowMath.softcap(x.get(FLOAT, xo + 4L * i), cap));
    }
  }

  /** {@code (1 − e^(−2|x|)) / (1 + e^(−2|x|))} with x's sign; near zero, where that cancels, Taylor's series. */
  private static FloatVector tanh(FloatVector x) {
    FloatVector e = exp(x.abs().mul(-2));
    FloatVector far = FloatVector.broadcast(SPECIES, 1).sub(e).div(e.add(1));
    far = far.blend(far.neg(), x.lt(0));
    FloatVector z = x.mul(x);
    FloatVector p = z.fma(FloatVector.broadcast(SPECIES, (float) (-1382.0 / 155925)), FloatVector.broadcast(SPECIES, (float) (62.0 / 2835)));
    p = p.fma(z, FloatVector.broadcast(SPECIES, (float) (-17.0 / 315)));
    p = p.fma(z, FloatVector.broadcast(SPECIES, (float) (2.0 / 15)));
    p = p.fma(z, FloatVector.broadcast(SPECIES, (float) (-1.0 / 3)));
    FloatVector near = p.mul(z).fma(x, x);
    return far.blend(near, x.abs().lt(0.35f));
  }

  @Override
  public void rotateHalves(MemorySegment x, long xo, MemorySegment table, long to, MemorySegment y, long yo, int half) {
    long width = 4L * half;
    int i = 0;
    for (; i <= half - LANES; i += LANES) {
      long at = 4L * i;
      FloatVector a = load(x, xo + at);
      FloatVector b = load(x, xo + width + at);
      FloatVector cos = load(table, to + at);
      FloatVector sin = load(table, to + width + at);
      a.mul(cos).sub(b.mul(sin)).intoMemorySegment(y, yo + at, ORDER);
      a.mul(sin).add(b.mul(cos)).intoMemorySegment(y, yo + width + at, ORDER);
    }
    for (; i < half; i++) {
      long at = 4L * i;
      ScalarRowMath.rotate(x, xo + at, xo + width + at, table.get(FLOAT, to + at), table.get(FLOAT, to + width + at), y, yo + at, yo + width + at);
    }
  }

  @Override
  public void rotatePairs(MemorySegment x, long xo, MemorySegment table, long to, MemorySegment y, long yo, int dims) {
    int i = 0;
    for (; i <= dims - LANES; i += LANES) {
      long at = 4L * i;
      FloatVector v = load(x, xo + at);
      FloatVector turned = v.rearrange(SWAP).mul(load(table, to + 4L * dims + at));
      v.mul(load(table, to + at)).add(turned).intoMemorySegment(y, yo + at, ORDER);
    }
    for (; i < dims; i += 2) {
      long at = 4L * i;
      ScalarRowMath.rotate(x, xo + at, xo + at + 4, table.get(FLOAT, to + at), table.get(FLOAT, to + 4L * dims + at + 4), y, yo + at, yo + at + 4);
    }
  }
}
