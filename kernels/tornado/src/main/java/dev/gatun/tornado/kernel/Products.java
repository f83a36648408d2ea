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
  /** Floats that hold a group's piece of x. */
  public static final int MOST_X = 4096;

  /** Floats that hold a group's piece of the weight, pads not counted. */
  public static final int MOST_W = 4096;

  /** Sums of a group, one for each of its items that takes part in a result. */
  public static final int MOST_SUMS = 1024;

  private static final int MOST_PADS = MOST_W / Units.SIZE;
  private static final int WEIGHT = 13;

  private Products() {}

  /** The kernel for a type of weight. */
  public static Kernel rows(int type, String label) {
    return new Kernel("matmul_" + label + "_rows", (g, id, a) -> g.task(id, Products::rows, a.context(), a.at(), a.integers(), a.floatingPoint(), a.powers(), a.floats(0),
        a.shorts(0), a.floats(1), a.shorts(1), a.floats(2), a.floats(3), a.floats(4), a.shorts(4), a.ints(5), type));
  }

  private static void rows(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, FloatArray wf, ShortArray ws,
      FloatArray scales, FloatArray bias, FloatArray y, ShortArray ys, IntArray counts, int type) {
    float[] left = c.allocateFloatLocalArray(MOST_X);
    float[] right = c.allocateFloatLocalArray(MOST_W + MOST_PADS);
    float[] sums = c.allocateFloatLocalArray(MOST_SUMS);
    int b = at.get(0);
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
    int end = TornadoMath.min(k, many * k);
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
      if (type < Weights.Q8_0) {
        for (int i = item; i < rows << (bits - run); i += items) {
          int row = i >> (bits - run);
          int column = (i - (row << (bits - run))) << run;
          int to = row * pitch + column + pad * (column >> 5);
          int inside = Weights.inside(k - k0 - column, n0 + row, n);
          for (int j = 0; j < 1 << run; j++) {
            if (j < inside) {
              float value = Weights.element(type, wf, ws, powers, start + (n0 + row) * stride + k0 + column + j);
              right[to + j] = type >= Weights.F8_E4M3 ? value * Weights.scale(p, b + WEIGHT, scales, n0 + row, k0 + column) : value;
            } else {
              right[to + j] = 0f;
            }
          }
        }
      } else {
        for (int i = item; i < rows << (bits - 5); i += items) {
          int row = i >> (bits - 5);
          int piece = i - (row << (bits - 5));
          int to = row * pitch + piece * (Units.SIZE + pad);
          if (Weights.inside(k - k0 - piece * Units.SIZE, n0 + row, n) > 0) {
            int from = start + (n0 + row) * stride;
            int unit = (k0 >> 5) + piece;
            float scale = Units.scale(type, ws, powers, from, unit, 0);
            float second = Units.scale(type, ws, powers, from, unit, 1);
            float offset = Units.offset(type, ws, powers, from, unit, 0);
            float last = Units.offset(type, ws, powers, from, unit, 1);
            int zero = Units.zero(type);
            for (int j = 0; j < Units.WORDS; j++) {
              int codes = Units.codes(type, ws, from, unit, j);
              float by = j < 4 ? scale : second;
              float plus = j < 4 ? offset : last;
              right[to + 4 * j] = by * ((codes & 255) + zero) + plus;
              right[to + 4 * j + 1] = by * (((codes >> 8) & 255) + zero) + plus;
              right[to + 4 * j + 2] = by * (((codes >> 16) & 255) + zero) + plus;
              right[to + 4 * j + 3] = by * (((codes >> 24) & 255) + zero) + plus;
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
            float s0 = 0f;
            float s1 = 0f;
            float s2 = 0f;
            float s3 = 0f;
            float s4 = 0f;
            float s5 = 0f;
            float s6 = 0f;
            float s7 = 0f;
            int u = m << bits;
            int v = row * pitch;
            for (int j = 0; j < 1 << bits; j += 8) {
              s0 += left[u + j] * right[v + j];
              s1 += left[u + j + 1] * right[v + j + 1];
              s2 += left[u + j + 2] * right[v + j + 2];
              s3 += left[u + j + 3] * right[v + j + 3];
              s4 += left[u + j + 4] * right[v + j + 4];
              s5 += left[u + j + 5] * right[v + j + 5];
              s6 += left[u + j + 6] * right[v + j + 6];
              s7 += left[u + j + 7] * right[v + j + 7];
            }
            sums[m * rows + row] += ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7));
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
