package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * A tile of attention: what a work-group does for its rows, the tile's place in the grid and all sizes given by the integers of {@link TileAttention}. Positions are taken
 * in pieces that begin at multiples of their size, and what a row does not see is added as nothing, so that a row's result has the same bits whatever its neighbours see.
 * Inlined into kernels, where {@code type} and {@code shift} are constants.
 */
final class AttentionTile {
  /** The largest sizes of the larger form; those of a smaller one are divided by a power of two. */
  static final int ROW_ELEMENTS = 2048;

  static final int KEY_ELEMENTS = 4096;
  static final int MOST_KEYS = 64;

  /** Rows of a tile at most, in every form. */
  static final int MOST_ROWS = 16;

  /** Beside the keys' elements there is one between rows of them, so that banks of local memory are used in turn. */
  static final int TILE_ELEMENTS = KEY_ELEMENTS + ROW_ELEMENTS / 4;

  /** What a range's result holds beside the weighted sum. */
  static final int STATE = 2;

  static final int KEPT = 19;
  private static final int ROWS = KEPT + Kept.INTEGERS;
  private static final int SCORES = MOST_ROWS * MOST_KEYS;
  private static final int PARTS = 8;

  private AttentionTile() {}

  /** What the local arrays take. */
  static int localBytes(int shift) {
    int divided = 2 * ROW_ELEMENTS + TILE_ELEMENTS + 3 * SCORES + 2 * MOST_KEYS;
    return ((divided >> shift) + MOST_ROWS * (PARTS + 5)) * Float.BYTES;
  }

  static void attend(int type, int shift, KernelContext c, int b, IntArray p, FloatArray q, FloatArray powers, FloatArray x, ShortArray xs, FloatArray k,
      ShortArray ks, FloatArray v, ShortArray vs, FloatArray sinks, FloatArray y, ShortArray ys, IntArray seen, IntArray table) {
    float[] query = c.allocateFloatLocalArray(ROW_ELEMENTS >> shift);
    float[] sums = c.allocateFloatLocalArray(ROW_ELEMENTS >> shift);
    float[] tile = c.allocateFloatLocalArray(TILE_ELEMENTS >> shift);
    float[] scores = c.allocateFloatLocalArray(SCORES >> shift);
    float[] most = c.allocateFloatLocalArray(SCORES >> shift);
    float[] total = c.allocateFloatLocalArray(SCORES >> shift);
    float[] parts = c.allocateFloatLocalArray(MOST_ROWS * PARTS);
    float[] tops = c.allocateFloatLocalArray(MOST_ROWS);
    float[] shrinks = c.allocateFloatLocalArray(MOST_ROWS);
    int[] firsts = c.allocateIntLocalArray(MOST_ROWS);
    int[] lasts = c.allocateIntLocalArray(MOST_ROWS);
    int[] begins = c.allocateIntLocalArray(MOST_ROWS);
    int[] keyAt = c.allocateIntLocalArray(MOST_KEYS >> shift);
    int[] valueAt = c.allocateIntLocalArray(MOST_KEYS >> shift);
    int item = c.localIdx;
    int items = c.localGroupSizeX;
    int heads = p.get(b + 1);
    int group = p.get(b + 2);
    int keySize = p.get(b + 3);
    int valueSize = p.get(b + 4);
    int tileHeads = p.get(b + 10);
    int headTiles = p.get(b + 11);
    int ranges = p.get(b + 12);
    int positions = p.get(b + 13);
    int count = p.get(b + 14);
    int keyWidth = p.get(b + 15);
    int valueWidth = p.get(b + 16);
    int keyLanes = p.get(b + 17);
    int valueLanes = p.get(b + 18);
    int scoreLanes = items < count ? items : count;
    int rows = p.get(b + 9) * tileHeads;
    int quads = (rows + 3) / 4;
    int padded = quads * 4;
    int unit = c.groupIdx;
    int range = unit % ranges;
    unit = unit / ranges;
    int headTile = unit % headTiles;
    unit = unit / headTiles;
    int head = unit % (heads / group);
    int token = unit / (heads / group) * p.get(b + 9);
    int firstHead = head * group + headTile * tileHeads;
    float infinite = powers.get(255);
    float scale = q.get(b);
    float softcap = q.get(b + 1);

    for (int r = item; r < padded; r += items) {
      int first = 0;
      int last = -1;
      int begin = -1;
      int t = token + r / tileHeads;
      if (r < rows && t < p.get(b)) {
        if (headTile * tileHeads + r % tileHeads < group) {
          int from = p.get(b + 8) + t * Sequences.SEEN_INTEGERS;
          first = seen.get(from);
          last = seen.get(from + 1);
          begin = seen.get(from + 2);
        }
      }
      firsts[r] = first;
      lasts[r] = last;
      begins[r] = begin;
      tops[r] = -infinite;
    }
    for (int i = item; i < padded * scoreLanes; i += items) {
      total[i] = 0;
    }
    for (int i = item; i < padded * valueWidth; i += items) {
      sums[i] = 0;
    }
    c.localBarrier();
    for (int r = item / keyLanes; r < padded; r += items / keyLanes) {
      int from = 0;
      boolean asks = lasts[r] > firsts[r];
      if (asks) {
        from = Rows.at(p, b + ROWS, (token + r / tileHeads) * heads + firstHead + r % tileHeads);
      }
      for (int i = item % keyLanes; i < keyWidth; i += keyLanes) {
        float value = 0;
        if (asks && i < keySize) {
          value = Elements.get(p.get(b + 5), x, xs, powers, from + i);
        }
        query[i * padded + r] = value;
      }
    }

    int from = 0;
    while (from < rows) {
      // The rows of one sequence, and the positions that any of them sees.
      int begin = begins[from];
      int to = from;
      int low = Integer.MAX_VALUE;
      int high = 0;
      int lowest = 0;
      int highest = Integer.MAX_VALUE;
      for (int r = from; r < rows; r++) {
        if (r == to && begins[r] == begin) {
          to++;
          int first = firsts[r];
          int last = lasts[r];
          if (first < last) {
            low = first < low ? first : low;
            high = last > high ? last : high;
          }
          lowest = first > lowest ? first : lowest;
          highest = last < highest ? last : highest;
        }
      }
      if (ranges > 1) {
        low = low < range * positions ? range * positions : low;
        high = high > (range + 1) * positions ? (range + 1) * positions : high;
      }
      low -= low % count;
      boolean all = from == 0 && to == rows;
      for (int position = low; position < high; position += count) {
        int keys = high - position < count ? high - position : count;
        // Where every row sees every key there is nothing to leave out.
        int plain = keys;
        if (!all || position < lowest || position + keys > highest) {
          plain = 0;
        }
        c.localBarrier();
        for (int j = item; j < count; j += items) {
          int key = -2;
          int value = -2;
          if (j < keys) {
            int place = Kept.row(p, b + KEPT, table, begin, position + j);
            key = -1;
            value = -1;
            if (place >= 0) {
              key = Kept.at(p, b + KEPT, 0, place, head);
              value = Kept.at(p, b + KEPT, 1, place, head);
            }
          }
          keyAt[j] = key;
          valueAt[j] = value;
        }
        c.localBarrier();
        for (int j = item / keyLanes; j < keys; j += items / keyLanes) {
          int key = keyAt[j];
          for (int i = item % keyLanes; i < keyWidth; i += keyLanes) {
            float value = 0;
            if (key >= 0 && i < keySize) {
              value = Kept.get(type, k, ks, powers, key, i);
            }
            tile[i * (count + 1) + j] = value;
          }
        }
        c.localBarrier();
        for (int quad = item / scoreLanes; quad < quads; quad += items / scoreLanes) {
          int r = quad * 4;
          float most0 = -infinite;
          float most1 = -infinite;
          float most2 = -infinite;
          float most3 = -infinite;
          for (int j = item % scoreLanes; j < keys; j += scoreLanes) {
            float s0 = 0;
            float s1 = 0;
            float s2 = 0;
            float s3 = 0;
            for (int i = 0; i < keyWidth; i++) {
              float key = tile[i * (count + 1) + j];
              s0 += query[i * padded + r] * key;
              s1 += query[i * padded + r + 1] * key;
              s2 += query[i * padded + r + 2] * key;
              s3 += query[i * padded + r + 3] * key;
            }
            float missing = keyAt[j] == -1 ? infinite - infinite : 0;
            s0 = seen(AnyAttention.capped(s0 * scale, softcap) + missing, r, from, to, position + j, firsts[r], lasts[r], infinite);
            s1 = seen(AnyAttention.capped(s1 * scale, softcap) + missing, r + 1, from, to, position + j, firsts[r + 1], lasts[r + 1], infinite);
            s2 = seen(AnyAttention.capped(s2 * scale, softcap) + missing, r + 2, from, to, position + j, firsts[r + 2], lasts[r + 2], infinite);
            s3 = seen(AnyAttention.capped(s3 * scale, softcap) + missing, r + 3, from, to, position + j, firsts[r + 3], lasts[r + 3], infinite);
            int at = (quad * count + j) * 4;
            scores[at] = s0;
            scores[at + 1] = s1;
            scores[at + 2] = s2;
            scores[at + 3] = s3;
            most0 = s0 > most0 ? s0 : most0;
            most1 = s1 > most1 ? s1 : most1;
            most2 = s2 > most2 ? s2 : most2;
            most3 = s3 > most3 ? s3 : most3;
          }
          int lane = item % scoreLanes;
          most[r * scoreLanes + lane] = most0;
          most[(r + 1) * scoreLanes + lane] = most1;
          most[(r + 2) * scoreLanes + lane] = most2;
          most[(r + 3) * scoreLanes + lane] = most3;
        }
        c.localBarrier();
        for (int u = item; u < padded * PARTS; u += items) {
          float top = -infinite;
          for (int lane = u % PARTS; lane < scoreLanes; lane += PARTS) {
            float other = most[u / PARTS * scoreLanes + lane];
            top = other > top ? other : top;
          }
          parts[u] = top;
        }
        c.localBarrier();
        for (int r = item; r < padded; r += items) {
          float before = tops[r];
          float top = before;
          for (int part = 0; part < PARTS; part++) {
            float other = parts[r * PARTS + part];
            top = other > top ? other : top;
          }
          tops[r] = top;
          shrinks[r] = TornadoMath.exp(before - base(top, infinite));
        }
        c.localBarrier();
        for (int r = item / scoreLanes; r < padded; r += items / scoreLanes) {
          float base = base(tops[r], infinite);
          float sum = total[r * scoreLanes + item % scoreLanes] * shrinks[r];
          for (int j = item % scoreLanes; j < keys; j += scoreLanes) {
            int at = (r / 4 * count + j) * 4 + r % 4;
            float weight = TornadoMath.exp(scores[at] - base);
            sum += weight;
            boolean visible = r >= from && r < to && position + j >= firsts[r] && position + j < lasts[r];
            scores[at] = visible ? weight : -1f;
          }
          total[r * scoreLanes + item % scoreLanes] = sum;
        }
        for (int j = item / valueLanes; j < keys; j += items / valueLanes) {
          int value = valueAt[j];
          for (int i = item % valueLanes; i < valueWidth; i += valueLanes) {
            float element = 0;
            if (value >= 0 && i < valueSize) {
              element = Kept.get(type, v, vs, powers, value, i);
            }
            tile[j * valueWidth + i] = element;
          }
        }
        c.localBarrier();
        for (int quad = item / valueLanes; quad < quads; quad += items / valueLanes) {
          int r = quad * 4;
          for (int i = item % valueLanes; i < valueWidth; i += valueLanes) {
            int own = (quad * valueWidth + i) * 4;
            float a0 = sums[own] * shrinks[r];
            float a1 = sums[own + 1] * shrinks[r + 1];
            float a2 = sums[own + 2] * shrinks[r + 2];
            float a3 = sums[own + 3] * shrinks[r + 3];
            for (int j = 0; j < plain; j++) {
              int at = (quad * count + j) * 4;
              float value = tile[j * valueWidth + i];
              a0 += scores[at] * value;
              a1 += scores[at + 1] * value;
              a2 += scores[at + 2] * value;
              a3 += scores[at + 3] * value;
            }
            for (int j = plain; j < keys; j++) {
              int at = (quad * count + j) * 4;
              float value = tile[j * valueWidth + i];
              a0 += scores[at] * shown(scores[at], value);
              a1 += scores[at + 1] * shown(scores[at + 1], value);
              a2 += scores[at + 2] * shown(scores[at + 2], value);
              a3 += scores[at + 3] * shown(scores[at + 3], value);
            }
            sums[own] = a0;
            sums[own + 1] = a1;
            sums[own + 2] = a2;
            sums[own + 3] = a3;
          }
        }
      }
      from = to;
    }

    c.localBarrier();
    for (int r = item; r < rows; r += items) {
      float sum = 0;
      for (int lane = 0; lane < scoreLanes; lane++) {
        sum += total[r * scoreLanes + lane];
      }
      shrinks[r] = sum;
    }
    c.localBarrier();
    for (int r = item / valueLanes; r < rows; r += items / valueLanes) {
      int row = (token + r / tileHeads) * heads + firstHead + r % tileHeads;
      int first = firsts[r];
      int last = lasts[r];
      int out = 0;
      float factor = 1;
      if (ranges > 1) {
        out = p.get(b + ROWS + Rows.INTEGERS) + (row * ranges + range) * (valueSize + STATE);
        int low = first < range * positions ? range * positions : first;
        int high = last > (range + 1) * positions ? (range + 1) * positions : last;
        if (low < high && item % valueLanes == 0) {
          y.set(out, tops[r]);
          y.set(out + 1, shrinks[r]);
        }
        out += STATE;
        last = low < high ? last : -1;
      } else {
        if (last >= 0) {
          out = Rows.at(p, b + ROWS + Rows.INTEGERS, row);
        }
        factor = 0;
        if (first < last) {
          factor = AnyAttention.factor(tops[r], shrinks[r], p.get(b + 7), firstHead + r % tileHeads, sinks);
        }
      }
      for (int i = item % valueLanes; i < valueSize; i += valueLanes) {
        if (last >= 0) {
          Elements.set(p.get(b + 6), y, ys, powers, out + i, sums[(r / 4 * valueWidth + i) * 4 + r % 4] * factor);
        }
      }
    }
  }

  private static float seen(float score, int r, int from, int to, int position, int first, int last, float infinite) {
    boolean visible = r >= from && r < to && position >= first && position < last;
    return visible ? score : -infinite;
  }

  /** While every score is −∞ the weights are 0, not the NaN of their difference. */
  static float base(float top, float infinite) {
    return top == -infinite ? 0 : top;
  }

  /**
   * The value that a weight is multiplied with: none where the row may not see it, whose weight stands as −1 then. Their product is −0, the one number that leaves every sum
   * as it is, and it is a product and a sum as where all is seen, which compilers may make one operation of in both places or in none.
   */
  private static float shown(float weight, float value) {
    return weight < 0 ? 0 : value;
  }
}
