package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Products of rows of x with rows of a weight, a work-group for some rows of either. Piece of K by piece of K, the group brings both to local memory, as floats, and multiplies
 * them there: an item, or several together, take a row of the weight. A row of the weight lies there in pieces of 32 elements, each followed by {@code pad} that nothing reads.
 *
 * <p>Integers: {@code M, index of the count or −1, index of x, way from row to row of x, type of x, rows of x of a group, rows of the weight of a group, binary logarithm of a
 * piece's columns, pad, index of the bias or −1, index of y, way from row to row of y, type of y}, and {@link Weights}'. Operands: x, weight, scale, bias, y, count.
 */
public final class Products {
  private static final int MOST_X = 4096;
  private static final int MOST_W = 4096;
  private static final int MOST_PADS = MOST_W / Units.SIZE;
  private static final int MOST_SUMS = 2048;

  /** What stands before a type in the number that a kernel is compiled for: the binary logarithm of what its local arrays are divided by. */
  private static final int TYPE_BITS = 6;

  private static final int WEIGHT = 13;

  private Products() {}

  /**
   * How much local memory a group takes.
   *
   * @param shift the binary logarithm of what the sizes are divided by
   */
  public record Size(int shift) {
    /** Where there is much of it. */
    public static final Size LARGE = new Size(0);

    /** What any device has, and what lets several groups share one of its units. */
    public static final Size SMALL = new Size(1);

    /** Floats that hold a group's piece of x. */
    public int x() {
      return MOST_X >> shift;
    }

    /** Floats that hold a group's piece of the weight, pads not counted. */
    public int w() {
      return MOST_W >> shift;
    }

    /** Sums of a group, one for each of its items that takes part in a result. */
    public int sums() {
      return MOST_SUMS >> shift;
    }

    private int bytes() {
      return (MOST_X + MOST_W + MOST_PADS + MOST_SUMS) * Float.BYTES >> shift;
    }
  }

  /** The kernel for a type of weight. */
  public static Kernel rows(Size size, int type, String label) {
    int form = size.shift << TYPE_BITS | type;
    return new Kernel("matmul_" + label + (size.shift == 0 ? "_rows" : "_rows_small"), size.bytes(), (g, id, a) -> g.task(id, Products::rows, a.context(), a.at(), a.integers(), a.floatingPoint(), a.powers(), a.floats(0),
        a.shorts(0), a.floats(1), a.shorts(1), a.floats(2), a.floats(3), a.floats(4), a.shorts(4), a.ints(5), form));
  }

  private static void rows(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, FloatArray wf, ShortArray ws,
      FloatArray scales, FloatArray bias, FloatArray y, ShortArray ys, IntArray counts, int form) {
    float[] left = c.allocateFloatLocalArray(MOST_X >> (form >> TYPE_BITS));
    float[] right = c.allocateFloatLocalArray((MOST_W + MOST_PADS) >> (form >> TYPE_BITS));
    float[] sums = c.allocateFloatLocalArray(MOST_SUMS >> (form >> TYPE_BITS));
    int type = form & ((1 << TYPE_BITS) - 1);
    int b = Mark.begin(c, at, p);
    int item = c.localIdx;
    int items = c.localGroupSizeX;
    int most = p.get(b + 5);
    int rows = p.get(b + 6);
    int bits = p.get(b + 7);
    int pad = p.get(b + 8);
    int m0 = c.groupIdy * most;
    int n0 = c.groupIdx * rows;
    int k = p.get(b + WEIGHT);
    int n = p.get(b + WEIGHT + 1);
    int start = p.get(b + WEIGHT + 2);
    int stride = p.get(b + WEIGHT + 3);
    int run = p.get(b + WEIGHT + 4);
    int many = TornadoMath.max(0, TornadoMath.min(most, Counts.actual(counts, p.get(b + 1), p.get(b)) - m0));
    int lanes = TornadoMath.max(1, items / rows);
    int slots = items / lanes;
    int lane = item % lanes;
    int slot = item / lanes;
    int pitch = (1 << bits) + (pad << (bits - 5));
    for (int i = slot; i < many * rows; i += slots) {
      sums[i * lanes + lane] = 0f;
    }
    int end = k * TornadoMath.min(1, many) * TornadoMath.min(1, n);
    for (int k0 = 0; k0 < end; k0 += 1 << bits) {
      for (int i = item; i < many << bits; i += items) {
        int m = i >> bits;
        int column = k0 + i - (m << bits);
        if (column < k) {
          left[i] = Elements.get(p.get(b + 4), x, xs, powers, p.get(b + 2) + (m0 + m) * p.get(b + 3) + column);
        } else {
          left[i] = 0f;
        }
      }
      if (type < Blocks.Q8_0) {
        for (int i = item; i < rows << (bits - run); i += items) {
          int row = i >> (bits - run);
          int column = (i - (row << (bits - run))) << run;
          int to = row * pitch + column + pad * (column >> 5);
          int inside = Weights.inside(k - k0 - column, n0 + row, n);
          int from = start + (n0 + row) * stride + k0 + column;
          float scale = 1f;
          if (type >= Elements.F8_E4M3) {
            scale = Weights.scale(p, b + WEIGHT, scales, TornadoMath.min(n0 + row, n - 1), TornadoMath.min(k0 + column, k - 1));
          }
          for (int j = 0; j < 1 << run; j++) {
            if (j < inside) {
              right[to + j] = Weights.element(type, wf, ws, powers, from + j) * scale;
            } else {
              right[to + j] = 0f;
            }
          }
        }
      } else {
        for (int i = item; i < rows << (bits - 5); i += items) {
          int row = i >> (bits - 5);
          int piece = i - (row << (bits - 5));
          // One product, not row · pitch + piece · ..: compilers see neighbours in what is added to a product, but not in what is added to a sum.
          int to = i * (Units.SIZE + pad);
          if (Weights.inside(k - k0 - piece * Units.SIZE, n0 + row, n) > 0) {
            int from = start + (n0 + row) * stride;
            int unit = (k0 >> 5) + piece;
            for (int half = 0; half < 2; half++) {
              float scale = Units.scale(type, ws, powers, from, unit, half);
              float offset = Units.offset(type, ws, powers, from, unit, half);
              for (int j = 0; j < Units.WORDS / 2; j++) {
                int codes = Units.codes(type, ws, from, unit, 4 * half + j);
                int into = to + 16 * half + 4 * j;
                right[into] = scale * Units.code(type, codes, 0) + offset;
                right[into + 1] = scale * Units.code(type, codes, 1) + offset;
                right[into + 2] = scale * Units.code(type, codes, 2) + offset;
                right[into + 3] = scale * Units.code(type, codes, 3) + offset;
              }
            }
          } else {
            for (int j = 0; j < Units.SIZE; j++) {
              right[to + j] = 0f;
            }
          }
        }
      }
      c.localBarrier();
      if (lanes == 1) {
        for (int row = slot; row < rows; row += slots) {
          for (int m = 0; m < many; m++) {
            float a0 = 0f;
            float a1 = 0f;
            float a2 = 0f;
            float a3 = 0f;
            float a4 = 0f;
            float a5 = 0f;
            float a6 = 0f;
            float a7 = 0f;
            float t0 = 0f;
            float t1 = 0f;
            float t2 = 0f;
            float t3 = 0f;
            float t4 = 0f;
            float t5 = 0f;
            float t6 = 0f;
            float t7 = 0f;
            int u = m << bits;
            int v = row * pitch;
            for (int j = 0; j < 1 << bits; j += 16) {
              a0 += left[u + j] * right[v + j];
              a1 += left[u + j + 1] * right[v + j + 1];
              a2 += left[u + j + 2] * right[v + j + 2];
              a3 += left[u + j + 3] * right[v + j + 3];
              a4 += left[u + j + 4] * right[v + j + 4];
              a5 += left[u + j + 5] * right[v + j + 5];
              a6 += left[u + j + 6] * right[v + j + 6];
              a7 += left[u + j + 7] * right[v + j + 7];
              t0 += left[u + j + 8] * right[v + j + 8];
              t1 += left[u + j + 9] * right[v + j + 9];
              t2 += left[u + j + 10] * right[v + j + 10];
              t3 += left[u + j + 11] * right[v + j + 11];
              t4 += left[u + j + 12] * right[v + j + 12];
              t5 += left[u + j + 13] * right[v + j + 13];
              t6 += left[u + j + 14] * right[v + j + 14];
              t7 += left[u + j + 15] * right[v + j + 15];
            }
            sums[m * rows + row] += (((a0 + t0) + (a4 + t4)) + ((a2 + t2) + (a6 + t6))) + (((a1 + t1) + (a5 + t5)) + ((a3 + t3) + (a7 + t7)));
          }
        }
      } else {
        for (int m = 0; m < many; m++) {
          float sum = 0f;
          for (int j = lane; j < 1 << bits; j += lanes) {
            sum += left[(m << bits) + j] * right[slot * pitch + j + pad * (j >> 5)];
          }
          sums[(m * rows + slot) * lanes + lane] += sum;
        }
      }
      c.localBarrier();
    }
    c.localBarrier();
    for (int i = item; i < many * rows; i += items) {
      int m = i / rows;
      int row = n0 + i - m * rows;
      if (row < n) {
        float sum = 0f;
        for (int j = 0; j < lanes; j++) {
          sum += sums[i * lanes + j];
        }
        if (p.get(b + 9) >= 0) {
          sum += bias.get(p.get(b + 9) + row);
        }
        Elements.set(p.get(b + 12), y, ys, powers, p.get(b + 10) + (m0 + m) * p.get(b + 11) + row, sum);
      }
    }
  }
}
