package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Products of many rows of x with a weight, a work-group for a tile of the result. Of each 32 columns of K the group brings its rows of x and of the weight to local memory, as
 * floats and turned, so that a row there holds one column; each item multiplies 4 rows of x with 4 of the weight in 16 sums. An item's rows lie as far apart as there are items
 * side by side, and rows in local memory have a length that is odd: neighbours then never ask the same memory bank.
 *
 * <p>Integers and operands as those of {@link Products}, where the rows of x and of the weight of a group are 4 times the items side by side, whose product are a group's items.
 */
public final class Tiles {
  /** Rows of x, and of the weight, of an item. */
  public static final int EACH = 4;

  private static final int DEPTH = 32;
  private static final int MOST_ROWS = 64;
  private static final int WEIGHT = 13;
  private static final int LOCAL_BYTES = (DEPTH * (MOST_ROWS + 1) + MOST_ROWS * MOST_ROWS) * Float.BYTES;

  private Tiles() {}

  /** The kernel for a type of weight. */
  public static Kernel of(int type, String label) {
    return new Kernel("matmul_" + label + "_tiles", LOCAL_BYTES, (g, id, a) -> g.task(id, Tiles::tiles, a.context(), a.at(), a.integers(), a.floatingPoint(), a.powers(), a.floats(0),
        a.shorts(0), a.floats(1), a.shorts(1), a.floats(2), a.floats(3), a.floats(4), a.shorts(4), a.ints(5), type));
  }

  private static void tiles(KernelContext c, IntArray at, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, FloatArray wf, ShortArray ws,
      FloatArray scales, FloatArray bias, FloatArray y, ShortArray ys, IntArray counts, int type) {
    float[] left = c.allocateFloatLocalArray(DEPTH * (MOST_ROWS + 1));
    float[] right = c.allocateFloatLocalArray(MOST_ROWS * MOST_ROWS);
    int b = Mark.begin(c, at, p);
    int item = c.localIdx;
    int items = c.localGroupSizeX;
    int tall = p.get(b + 5);
    int wide = p.get(b + 6);
    int m0 = c.groupIdy * tall;
    int n0 = c.groupIdx * wide;
    int k = p.get(b + WEIGHT);
    int n = p.get(b + WEIGHT + 1);
    int start = p.get(b + WEIGHT + 2);
    int stride = p.get(b + WEIGHT + 3);
    int many = TornadoMath.max(0, TornadoMath.min(tall, Counts.actual(counts, p.get(b + 1), p.get(b)) - m0));
    int leftPitch = tall + 1;
    int rightPitch = wide + 1;
    int columns = wide / EACH;
    int lines = tall / EACH;
    int column = item % columns;
    int line = item / columns;
    float s00 = 0f;
    float s01 = 0f;
    float s02 = 0f;
    float s03 = 0f;
    float s10 = 0f;
    float s11 = 0f;
    float s12 = 0f;
    float s13 = 0f;
    float s20 = 0f;
    float s21 = 0f;
    float s22 = 0f;
    float s23 = 0f;
    float s30 = 0f;
    float s31 = 0f;
    float s32 = 0f;
    float s33 = 0f;
    int end = k * TornadoMath.min(1, many) * TornadoMath.min(1, n);
    for (int k0 = 0; k0 < end; k0 += DEPTH) {
      for (int i = item; i < tall * DEPTH; i += items) {
        int m = i / DEPTH;
        int j = i % DEPTH;
        if (Weights.inside(k - k0 - j, m, many) > 0) {
          left[j * leftPitch + m] = Elements.get(p.get(b + 4), x, xs, powers, p.get(b + 2) + (m0 + m) * p.get(b + 3) + k0 + j);
        } else {
          left[j * leftPitch + m] = 0f;
        }
      }
      if (type < Blocks.Q8_0) {
        for (int i = item; i < wide * DEPTH; i += items) {
          int row = i / DEPTH;
          int j = i % DEPTH;
          if (Weights.inside(k - k0 - j, n0 + row, n) > 0) {
            float value = Weights.element(type, wf, ws, powers, start + (n0 + row) * stride + k0 + j);
            right[j * rightPitch + row] = type >= Elements.F8_E4M3 ? value * Weights.scale(p, b + WEIGHT, scales, n0 + row, k0 + j) : value;
          } else {
            right[j * rightPitch + row] = 0f;
          }
        }
      } else {
        for (int i = item; i < 2 * wide; i += items) {
          int row = i % wide;
          int half = i / wide;
          if (n0 + row < n) {
            int from = start + (n0 + row) * stride;
            int unit = k0 / DEPTH;
            float scale = Units.scale(type, ws, powers, from, unit, half);
            float offset = Units.offset(type, ws, powers, from, unit, half);
            for (int j = 0; j < Units.WORDS / 2; j++) {
              int codes = Units.codes(type, ws, from, unit, 4 * half + j);
              int to = (16 * half + 4 * j) * rightPitch + row;
              right[to] = scale * Units.code(type, codes, 0) + offset;
              right[to + rightPitch] = scale * Units.code(type, codes, 1) + offset;
              right[to + 2 * rightPitch] = scale * Units.code(type, codes, 2) + offset;
              right[to + 3 * rightPitch] = scale * Units.code(type, codes, 3) + offset;
            }
          } else {
            for (int j = 0; j < DEPTH / 2; j++) {
              right[(16 * half + j) * rightPitch + row] = 0f;
            }
          }
        }
      }
      c.localBarrier();
      for (int j = 0; j < DEPTH; j++) {
        int u = j * leftPitch + line;
        int v = j * rightPitch + column;
        float x0 = left[u];
        float x1 = left[u + lines];
        float x2 = left[u + 2 * lines];
        float x3 = left[u + 3 * lines];
        float w0 = right[v];
        float w1 = right[v + columns];
        float w2 = right[v + 2 * columns];
        float w3 = right[v + 3 * columns];
        s00 += x0 * w0;
        s01 += x0 * w1;
        s02 += x0 * w2;
        s03 += x0 * w3;
        s10 += x1 * w0;
        s11 += x1 * w1;
        s12 += x1 * w2;
        s13 += x1 * w3;
        s20 += x2 * w0;
        s21 += x2 * w1;
        s22 += x2 * w2;
        s23 += x2 * w3;
        s30 += x3 * w0;
        s31 += x3 * w1;
        s32 += x3 * w2;
        s33 += x3 * w3;
      }
      c.localBarrier();
    }
    int to = line * wide + column;
    int down = lines * wide;
    right[to] = s00;
    right[to + columns] = s01;
    right[to + 2 * columns] = s02;
    right[to + 3 * columns] = s03;
    right[to + down] = s10;
    right[to + down + columns] = s11;
    right[to + down + 2 * columns] = s12;
    right[to + down + 3 * columns] = s13;
    right[to + 2 * down] = s20;
    right[to + 2 * down + columns] = s21;
    right[to + 2 * down + 2 * columns] = s22;
    right[to + 2 * down + 3 * columns] = s23;
    right[to + 3 * down] = s30;
    right[to + 3 * down + columns] = s31;
    right[to + 3 * down + 2 * columns] = s32;
    right[to + 3 * down + 3 * columns] = s33;
    c.localBarrier();
    for (int i = item; i < many * wide; i += items) {
      int m = i / wide;
      int row = n0 + i - m * wide;
      if (row < n) {
        float sum = right[i];
        if (p.get(b + 9) >= 0) {
          sum += bias.get(p.get(b + 9) + row);
        }
        Elements.set(p.get(b + 12), y, ys, powers, p.get(b + 10) + (m0 + m) * p.get(b + 11) + row, sum);
      }
    }
  }
}
