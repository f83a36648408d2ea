package dev.gatun.cpu.op;

import dev.gatun.Gelu;
import dev.gatun.cpu.format.Dequantizer;
import java.lang.foreign.MemorySegment;

/**
 * The loops over rows of F32 that operators and fusions share. A range is a native segment and the byte offset of its first element; {@code n} counts
 * elements. A result may lie exactly over an input. The order of every sum is fixed by {@code n} alone, and is the same interpreted and compiled.
 */
public abstract class RowMath {
  /** The loops in the form {@code lanes}. */
  public static RowMath of(Lanes lanes) {
    return switch (lanes) {
      case VECTOR -> new VectorRowMath();
      case SCALAR -> new ScalarRowMath();
    };
  }

  /** {@code Σ a·b}. */
  public abstract float dot(MemorySegment a, long ao, MemorySegment b, long bo, int n);

  /**
   * Every product of {@code queries} rows of x and {@code count} rows of {@code rows}: {@code out[i][j] = scale · Σ x_i·row_j}. Strides are in bytes. The
   * bits of one product do not depend on the others asked for.
   */
  public abstract void dots(MemorySegment x, long xo, long xStride, int queries, MemorySegment rows, long ro, long stride, int count, int n,
      float scale, MemorySegment out, long oo, long outStride);

  /** {@code y_i += Σ_j p[i][j]·row_j} for {@code queries} rows of y and {@code count} rows of {@code rows}, j ascending. Strides are in bytes. */
  public abstract void accumulate(MemorySegment p, long po, long pStride, int queries, int count, MemorySegment rows, long ro, long stride,
      MemorySegment y, long yo, long yStride, int n);

  /** {@code count} rows of n elements of another type as F32. Strides are in bytes; the rows of either side do not overlap. */
  public void widen(Dequantizer type, MemorySegment rows, long ro, long stride, int count, MemorySegment y, long yo, long yStride, int n) {
    for (int j = 0; j < count; j++) {
      type.row(rows, ro + j * stride, y, yo + j * yStride, n);
    }
  }

  /** {@code Σ x²}. */
  public abstract float sumOfSquares(MemorySegment x, long xo, int n);

  /** The largest element, NaN if there is one; −∞ of no elements. */
  public abstract float max(MemorySegment x, long xo, int n);

  /** The first index that holds {@code value}, or a NaN where {@code value} is one; −1 if none does. */
  public abstract int indexOf(MemorySegment x, long xo, int n, float value);

  /** {@code y = exp((x − shift) · scale)}; returns {@code Σ y}. Below the smallest normal F32 it may give zero. */
  public abstract float exp(MemorySegment x, long xo, float shift, float scale, MemorySegment y, long yo, int n);

  /** {@code y = a + b}. */
  public abstract void add(MemorySegment a, long ao, MemorySegment b, long bo, MemorySegment y, long yo, int n);

  /** {@code y = a · b}. */
  public abstract void mul(MemorySegment a, long ao, MemorySegment b, long bo, MemorySegment y, long yo, int n);

  /** {@code y = factor · x}. */
  public abstract void scale(MemorySegment x, long xo, float factor, MemorySegment y, long yo, int n);

  /** {@code y = x · factor · weight}. */
  public abstract void normalize(MemorySegment x, long xo, float factor, MemorySegment weight, long wo, MemorySegment y, long yo, int n);

  /** {@code y = silu(gate) · up}. */
  public abstract void siluMul(MemorySegment gate, long go, MemorySegment up, long uo, MemorySegment y, long yo, int n);

  /** {@code y = x · Φ(x)} with {@code Φ(x) ≈ (1 + tanh(√(2/π)·(x + 0.044715·x³))) / 2}. */
  public abstract void geluTanh(MemorySegment x, long xo, MemorySegment y, long yo, int n);

  /** {@code y = cap · tanh(x / cap)}. */
  public abstract void softcap(MemorySegment x, long xo, float cap, MemorySegment y, long yo, int n);

  /** Turns the pairs {@code (x[i], x[i + half])}: the table holds {@code half} cosines, then {@code half} sines. */
  public abstract void rotateHalves(MemorySegment x, long xo, MemorySegment table, long to, MemorySegment y, long yo, int half);

  /**
   * Turns the pairs {@code (x[2i], x[2i+1])} of {@code dims} elements: the table holds each cosine twice, then each sine twice, the first of the two
   * negated.
   */
  public abstract void rotatePairs(MemorySegment x, long xo, MemorySegment table, long to, MemorySegment y, long yo, int dims);

  /** {@link #add} for rows, each the row's bytes after the one before; {@code y} may be either input. */
  public void addRows(MemorySegment a, long ao, long aRow, MemorySegment b, long bo, long bRow, MemorySegment y, long yo, long yRow, int rows, int n) {
    for (int r = 0; r < rows; r++) {
      add(a, ao + r * aRow, b, bo + r * bRow, y, yo + r * yRow, n);
    }
  }

  /** {@link #siluMul} for rows; an element's bits depend on its own gate and up alone. */
  public void siluMulRows(MemorySegment gate, long go, long gateRow, MemorySegment up, long uo, long upRow, MemorySegment y, long yo, long yRow, int rows,
      int n) {
    for (int r = 0; r < rows; r++) {
      siluMul(gate, go + r * gateRow, up, uo + r * upRow, y, yo + r * yRow, n);
    }
  }

  /** {@link #scale} for rows, each by its own factor: a float, {@code factorBytes} after the row's before. */
  public void scaleRows(MemorySegment x, long xo, long xRow, MemorySegment factors, long fo, long factorBytes, MemorySegment y, long yo, long yRow, int rows,
      int n) {
    for (int r = 0; r < rows; r++) {
      scale(x, xo + r * xRow, factors.get(View.FLOAT, fo + r * factorBytes), y, yo + r * yRow, n);
    }
  }

  /** {@code y = x / sqrt(mean(x²) + eps) · weight} for rows. */
  public void rmsNormRows(MemorySegment x, long xo, long xRow, MemorySegment weight, long wo, float eps, MemorySegment y, long yo, long yRow, int rows, int n) {
    for (int r = 0; r < rows; r++) {
      normalize(x, xo + r * xRow, rmsFactor(x, xo + r * xRow, eps, n), weight, wo, y, yo + r * yRow, n);
    }
  }

  /** {@link #rotatePairs} or {@link #rotateHalves} for the first {@code dims} of the n elements of rows; the others are copied. */
  public void rotateRows(boolean interleaved, MemorySegment x, long xo, long xRow, MemorySegment table, long to, MemorySegment y, long yo, long yRow, int rows,
      int dims, int n) {
    for (int r = 0; r < rows; r++) {
      if (interleaved) {
        rotatePairs(x, xo + r * xRow, table, to, y, yo + r * yRow, dims);
      } else {
        rotateHalves(x, xo + r * xRow, table, to, y, yo + r * yRow, dims / 2);
      }
      if (dims < n) {
        MemorySegment.copy(x, xo + r * xRow + 4L * dims, y, yo + r * yRow + 4L * dims, 4L * (n - dims));
      }
    }
  }

  /** Writes the largest of n elements, or the first NaN, and its first index plus {@code first}, 32 bits each, to byte {@code fo} of {@code found}. */
  public void largest(MemorySegment x, long xo, int n, int first, MemorySegment found, long fo) {
    float largest = max(x, xo, n);
    found.set(View.FLOAT, fo, largest);
    found.set(View.INT, fo + 4, first + indexOf(x, xo, n, largest));
  }

  /** {@code y = x · Φ(x)} in either form. */
  public final void gelu(Gelu.Form form, MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    switch (form) {
      case TANH -> geluTanh(x, xo, y, yo, n);
      case ERF -> {
        for (long at = 0; at < 4L * n; at += 4) {
          float value = x.get(View.FLOAT, xo + at);
          y.set(View.FLOAT, yo + at, (float) (value * Gauss.distribution(value)));
        }
      }
    }
  }

  /** {@code y = gelu(gate) · up}; where y lies over up, {@code spare} holds n elements in between. */
  public final void geluMul(Gelu.Form form, MemorySegment gate, long go, MemorySegment up, long uo, MemorySegment y, long yo, MemorySegment spare,
      long so, int n) {
    gelu(form, gate, go, spare, so, n);
    mul(spare, so, up, uo, y, yo, n);
  }

  /** {@code y = x / sqrt(mean(x²) + eps) · weight}. */
  public final void rmsNorm(MemorySegment x, long xo, MemorySegment weight, long wo, float eps, MemorySegment y, long yo, int n) {
    rmsNormRows(x, xo, 0, weight, wo, eps, y, yo, 0, 1, n);
  }

  /** {@code 1 / sqrt(mean(x²) + eps)}. */
  public final float rmsFactor(MemorySegment x, long xo, float eps, int n) {
    return (float) (1 / Math.sqrt((double) sumOfSquares(x, xo, n) / n + eps));
  }

  /** {@code y = (x − mean(x)) / sqrt(var(x) + eps) · weight}, in float64 within the row: the mean may be large beside the deviation. */
  public final void layerNorm(MemorySegment x, long xo, MemorySegment weight, long wo, float eps, MemorySegment y, long yo, int n) {
    double sum = 0;
    for (long at = 0; at < 4L * n; at += 4) {
      sum += x.get(View.FLOAT, xo + at);
    }
    double mean = sum / n;
    double squares = 0;
    for (long at = 0; at < 4L * n; at += 4) {
      double d = x.get(View.FLOAT, xo + at) - mean;
      squares += d * d;
    }
    double factor = 1 / Math.sqrt(squares / n + eps);
    for (long at = 0; at < 4L * n; at += 4) {
      y.set(View.FLOAT, yo + at, (float) ((x.get(View.FLOAT, xo + at) - mean) * factor * weight.get(View.FLOAT, wo + at)));
    }
  }

  /** {@code y = softmax(scale · x)}. */
  public final void softmax(MemorySegment x, long xo, float scale, MemorySegment y, long yo, int n) {
    scale(x, xo, scale, y, yo, n);
    float largest = max(y, yo, n);
    double sum = 0;
    for (int i = 0; i < n; i += PIECE) {
      sum += exp(y, yo + 4L * i, largest, 1, y, yo + 4L * i, Math.min(PIECE, n - i));
    }
    scale(y, yo, (float) (1 / sum), y, yo, n);
  }

  /** Elements whose sum may be kept in F32; longer sums add such pieces up in float64. */
  static final int PIECE = 1024;
}
