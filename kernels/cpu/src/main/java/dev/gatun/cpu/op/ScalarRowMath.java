package dev.gatun.cpu.op;

import static dev.gatun.cpu.op.View.FLOAT;

import java.lang.foreign.MemorySegment;

/** {@link RowMath} in plain Java. */
final class ScalarRowMath extends RowMath {
  private static final double ROOT_TWO_OVER_PI = Math.sqrt(2 / Math.PI);

  static float exp(float x) {
    return (float) Math.exp(x);
  }

  static float silu(float x) {
    return x / (1 + exp(-x));
  }

  /** {@code (1 + tanh(u)) / 2 = 1 / (1 + exp(−2u))}, which loses nothing where tanh is close to −1. */
  static float geluTanh(float x) {
    double u = ROOT_TWO_OVER_PI * (x + 0.044715 * x * x * x);
    return (float) (x / (1 + Math.exp(-2 * u)));
  }

  static float softcap(float x, float cap) {
    return (float) (cap * Math.tanh((double) x / cap));
  }

  @Override
  public float dot(MemorySegment a, long ao, MemorySegment b, long bo, int n) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    int i = 0;
    for (; i <= n - 4; i += 4) {
      long at = 4L * i;
      s0 += a.get(FLOAT, ao + at) * b.get(FLOAT, bo + at);
      s1 += a.get(FLOAT, ao + at + 4) * b.get(FLOAT, bo + at + 4);
      s2 += a.get(FLOAT, ao + at + 8) * b.get(FLOAT, bo + at + 8);
      s3 += a.get(FLOAT, ao + at + 12) * b.get(FLOAT, bo + at + 12);
    }
    for (; i < n; i++) {
      s0 += a.get(FLOAT, ao + 4L * i) * b.get(FLOAT, bo + 4L * i);
    }
    return s0 + s1 + (s2 + s3);
  }

  @Override
  public void dots(MemorySegment x, long xo, long xStride, int queries, MemorySegment rows, long ro, long stride, int count, int n, float scale,
      MemorySegment out, long oo, long outStride) {
    for (int i = 0; i < queries; i++) {
      for (int j = 0; j < count; j++) {
        out.set(FLOAT, oo + i * outStride + 4L * j, scale * dot(x, xo + i * xStride, rows, ro + j * stride, n));
      }
    }
  }

  @Override
  public void accumulate(MemorySegment p, long po, long pStride, int queries, int count, MemorySegment rows, long ro, long stride, MemorySegment y,
      long yo, long yStride, int n) {
    for (int i = 0; i < queries; i++) {
      for (int j = 0; j < count; j++) {
        addScaled(p.get(FLOAT, po + i * pStride + 4L * j), rows, ro + j * stride, y, yo + i * yStride, n);
      }
    }
  }

  private static void addScaled(float weight, MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    for (int i = 0; i < n; i++) {
      long at = 4L * i;
      y.set(FLOAT, yo + at, y.get(FLOAT, yo + at) + weight * x.get(FLOAT, xo + at));
    }
  }

  @Override
  public float sumOfSquares(MemorySegment x, long xo, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      double d = x.get(FLOAT, xo + 4L * i);
      sum += d * d;
    }
    return (float) sum;
  }

  @Override
  public float max(MemorySegment x, long xo, int n) {
    float largest = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      largest = Math.max(largest, x.get(FLOAT, xo + 4L * i));
    }
    return largest;
  }

  @Override
  public int indexOf(MemorySegment x, long xo, int n, float value) {
    for (int i = 0; i < n; i++) {
      float element = x.get(FLOAT, xo + 4L * i);
      if (element == value || Float.isNaN(element) && Float.isNaN(value)) {
        return i;
      }
    }
    return -1;
  }

  @Override
  public float exp(MemorySegment x, long xo, float shift, float scale, MemorySegment y, long yo, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      float value = exp((x.get(FLOAT, xo + 4L * i) - shift) * scale);
      y.set(FLOAT, yo + 4L * i, value);
      sum += value;
    }
    return (float) sum;
  }

  @Override
  public void add(MemorySegment a, long ao, MemorySegment b, long bo, MemorySegment y, long yo, int n) {
    for (int i = 0; i < n; i++) {
      y.set(FLOAT, yo + 4L * i, a.get(FLOAT, ao + 4L * i) + b.get(FLOAT, bo + 4L * i));
    }
  }

  @Override
  public void mul(MemorySegment a, long ao, MemorySegment b, long bo, MemorySegment y, long yo, int n) {
    for (int i = 0; i < n; i++) {
      y.set(FLOAT, yo + 4L * i, a.get(FLOAT, ao + 4L * i) * b.get(FLOAT, bo + 4L * i));
    }
  }

  @Override
  public void scale(MemorySegment x, long xo, float factor, MemorySegment y, long yo, int n) {
    for (int i = 0; i < n; i++) {
      y.set(FLOAT, yo + 4L * i, factor * x.get(FLOAT, xo + 4L * i));
    }
  }

  @Override
  public void normalize(MemorySegment x, long xo, float factor, MemorySegment weight, long wo, MemorySegment y, long yo, int n) {
    for (int i = 0; i < n; i++) {
      long at = 4L * i;
      y.set(FLOAT, yo + at, x.get(FLOAT, xo + at) * factor * weight.get(FLOAT, wo + at));
    }
  }

  @Override
  public void siluMul(MemorySegment gate, long go, MemorySegment up, long uo, MemorySegment y, long yo, int n) {
    for (int i = 0; i < n; i++) {
      y.set(FLOAT, yo + 4L * i, silu(gate.get(FLOAT, go + 4L * i)) * up.get(FLOAT, uo + 4L * i));
    }
  }

  @Override
  public void geluTanh(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    for (int i = 0; i < n; i++) {
      y.set(FLOAT, yo + 4L * i, geluTanh(x.get(FLOAT, xo + 4L * i)));
    }
  }

  @Override
  public void softcap(MemorySegment x, long xo, float cap, MemorySegment y, long yo, int n) {
    for (int i = 0; i < n; i++) {
      y.set(FLOAT, yo + 4L * i, softcap(x.get(FLOAT, xo + 4L * i), cap));
    }
  }

  @Override
  public void rotateHalves(MemorySegment x, long xo, MemorySegment table, long to, MemorySegment y, long yo, int half) {
    for (int i = 0; i < half; i++) {
      rotate(x, xo + 4L * i, xo + 4L * (half + i), table.get(FLOAT, to + 4L * i), table.get(FLOAT, to + 4L * (half + i)), y, yo + 4L * i,
          yo + 4L * (half + i));
    }
  }

  @Override
  public void rotatePairs(MemorySegment x, long xo, MemorySegment table, long to, MemorySegment y, long yo, int dims) {
    for (int i = 0; i < dims; i += 2) {
      rotate(x, xo + 4L * i, xo + 4L * (i + 1), table.get(FLOAT, to + 4L * i), table.get(FLOAT, to + 4L * (dims + i + 1)), y, yo + 4L * i,
          yo + 4L * (i + 1));
    }
  }

  static void rotate(MemorySegment x, long a, long b, float cos, float sin, MemorySegment y, long ya, long yb) {
    float first = x.get(FLOAT, a);
    float second = x.get(FLOAT, b);
    y.set(FLOAT, ya, first * cos - second * sin);
    y.set(FLOAT, yb, first * sin + second * cos);
  }
}
