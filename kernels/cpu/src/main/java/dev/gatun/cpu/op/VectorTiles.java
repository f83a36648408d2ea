package dev.gatun.cpu.op;

import static dev.gatun.cpu.op.View.FLOAT;
import static dev.gatun.cpu.op.VectorTileLoops.NEXT;
import static dev.gatun.cpu.op.VectorTileLoops.WIDTH;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * {@link TileAttention} of many rows on the Vector API: a lane is a row of queries, so that no score is summed across lanes and the softmax of all rows is
 * a loop over positions. Queries are turned once for all tiles; keys and values stay as they lie. A row's bits do not depend on the rows beside it.
 */
final class VectorTiles implements TileAttention {
  /** Rows of a sequence from which this is faster than products of one query with four keys at a time. */
  private static final int LEAST_ROWS = WIDTH;

  private final RowMath math;

  private VectorTiles(RowMath math) {
    this.math = math;
  }

  /** For such an attention, if this serves it. */
  static Optional<TileAttention> of(AttentionShape shape) {
    boolean wholeVectors = 2 * shape.valueSize() % WIDTH == 0;
    return wholeVectors && shape.tokens() > AttentionKernel.FEW_TOKENS ? Optional.of(new VectorTiles(new VectorRowMath())) : Optional.empty();
  }

  @Override
  public String label() {
    return Lanes.VECTOR.label();
  }

  @Override
  public boolean takesFloats() {
    return true;
  }

  @Override
  public int rows() {
    return WIDTH;
  }

  @Override
  public boolean serves(int rows) {
    return rows >= LEAST_ROWS;
  }

  /** Where things are in {@code work}: the scores of as many rows as go side by side, a number and another for each, copies of keys and of values, queries. */
  private record Work(long largest, long sums, long keys, long values, long queries, long bytes) {
    private static final long SCORES = AttentionScratch.TILE * NEXT;

    static Work of(int keySize, int valueSize, int rows) {
      long keys = SCORES + 2 * NEXT;
      long values = keys + AttentionScratch.TILE * Scratch.align(4L * keySize);
      long queries = values + AttentionScratch.TILE * Scratch.align(4L * valueSize);
      return new Work(SCORES, SCORES + NEXT, keys, values, queries, queries + Math.ceilDiv(rows, WIDTH) * (keySize * NEXT));
    }
  }

  @Override
  public long workBytes(int keySize, int valueSize, int tokens, int group) {
    return Work.of(keySize, valueSize, tokens * group).bytes();
  }

  @Override
  public void begin(MemorySegment q, long qOffset, long qTokenBytes, long qHeadBytes, int tokens, int group, int keySize, int valueSize, MemorySegment scratch,
      long work) {
    int rows = tokens * group;
    long queries = work + Work.of(keySize, valueSize, rows).queries();
    for (int row = 0; row < Math.ceilDiv(rows, WIDTH) * WIDTH; row++) {
      long to = queries + row / WIDTH * (keySize * NEXT) + row % WIDTH * 4L;
      long from = qOffset + row / group * qTokenBytes + row % group * qHeadBytes;
      for (int i = 0; i < keySize; i++) {
        scratch.set(FLOAT, to + i * NEXT, row < rows ? q.get(FLOAT, from + 4L * i) : 0);
      }
    }
  }

  @Override
  public void attend(MemorySegment q, long qOffset, long qTokenBytes, long qHeadBytes, int tokens, int group, MemorySegment keys, long keyOffset,
      long keyStride, int keySize, MemorySegment values, long valueOffset, long valueStride, int valueSize, int count, float scale, MemorySegment scratch,
      long base, long state, long sums, long sumsRowBytes, long bounds, long work) {
    int rows = tokens * group;
    Work at = Work.of(keySize, valueSize, rows);
    long from = base + work;
    boolean keysThere = NativeSegments.is(keys);
    boolean valuesThere = NativeSegments.is(values);
    Rows k = keysThere ? new Rows(keys, keyOffset, keyStride) : copy(keys, keyOffset, keyStride, count, keySize, scratch, from + at.keys());
    Rows v = valuesThere ? new Rows(values, valueOffset, valueStride) : copy(values, valueOffset, valueStride, count, valueSize, scratch, from + at.values());
    for (int first = 0; first < rows; first += WIDTH) {
      int some = Math.min(WIDTH, rows - first);
      long queries = from + at.queries() + first / WIDTH * (keySize * NEXT);
      for (int j = 0; j < count; j += 4) {
        // Positions past the last are the last again; nobody sees them.
        VectorTileLoops.scores(scratch, queries, keySize, k.memory, k.row(j), k.row(Math.min(j + 1, count - 1)), k.row(Math.min(j + 2, count - 1)),
            k.row(Math.min(j + 3, count - 1)), scale, scratch, from + j * NEXT);
      }
      for (int row = 0; row < some; row++) {
        hide(scratch, from + 4L * row, base + bounds + (first + row) / group * 8L, count);
      }
      weigh(scratch, from, at, some, count, base + state + 8L * first, base + sums + first * sumsRowBytes, sumsRowBytes, valueSize);
      add(scratch, from, base + bounds, group, first, some, count, v, base + sums, sumsRowBytes, valueSize);
    }
  }

  /** Rows of floats. */
  private record Rows(MemorySegment memory, long offset, long stride) {
    long row(int j) {
      return offset + j * stride;
    }
  }

  private static Rows copy(MemorySegment rows, long offset, long stride, int count, int n, MemorySegment scratch, long to) {
    long next = Scratch.align(4L * n);
    for (int j = 0; j < count; j++) {
      MemorySegment.copy(rows, offset + j * stride, scratch, to + j * next, 4L * n);
    }
    return new Rows(scratch, to, next);
  }

  private static int first(MemorySegment scratch, long bounds) {
    return Math.max(0, scratch.get(ValueLayout.JAVA_INT, bounds));
  }

  private static int end(MemorySegment scratch, long bounds, int count) {
    return Math.min(count, scratch.get(ValueLayout.JAVA_INT, bounds + 4));
  }

  /** A row's scores of positions that it does not see become −∞. */
  private static void hide(MemorySegment scratch, long scores, long bounds, int count) {
    int first = Math.min(count, first(scratch, bounds));
    int end = Math.max(first, end(scratch, bounds, count));
    for (int j = 0; j < first; j++) {
      scratch.set(FLOAT, scores + j * NEXT, Float.NEGATIVE_INFINITY);
    }
    for (int j = end; j < count; j++) {
      scratch.set(FLOAT, scores + j * NEXT, Float.NEGATIVE_INFINITY);
    }
  }

  /** Turns scores into weights, and what was summed before into terms of each row's largest score so far. */
  private void weigh(MemorySegment scratch, long scores, Work at, int some, int count, long state, long sums, long sumsRowBytes, int valueSize) {
    long largest = scores + at.largest();
    long total = scores + at.sums();
    for (int row = 0; row < WIDTH; row++) {
      scratch.set(FLOAT, largest + 4L * row, row < some ? scratch.get(FLOAT, state + 8L * row) : Float.NEGATIVE_INFINITY);
    }
    VectorTileLoops.most(scratch, scores, count, largest);
    for (int row = 0; row < WIDTH; row++) {
      float most = scratch.get(FLOAT, largest + 4L * row);
      float sum = 0;
      if (row < some) {
        float before = scratch.get(FLOAT, state + 8L * row);
        sum = scratch.get(FLOAT, state + 8L * row + 4);
        if (most != before) {
          float shrink = (float) Math.exp(before - most);
          math.scale(scratch, sums + row * sumsRowBytes, shrink, scratch, sums + row * sumsRowBytes, valueSize);
          sum *= shrink;
          scratch.set(FLOAT, state + 8L * row, most);
        }
      }
      scratch.set(FLOAT, total + 4L * row, sum);
      // While every score is −∞ the weights are 0, not the NaN of their difference.
      scratch.set(FLOAT, largest + 4L * row, most == Float.NEGATIVE_INFINITY ? 0 : most);
    }
    for (long half = 0; half < NEXT; half += NEXT / 2) {
      VectorTileLoops.weigh(scratch, scores + half, count, largest + half, total + half);
    }
    for (int row = 0; row < some; row++) {
      scratch.set(FLOAT, state + 8L * row + 4, scratch.get(FLOAT, total + 4L * row));
    }
  }

  /** Adds the values that each row sees by their weights. What it does not see may hold anything. */
  private static void add(MemorySegment scratch, long weights, long bounds, int group, int first, int some, int count, Rows v, long sums, long sumsRowBytes,
      int valueSize) {
    for (int row = 0; row < some;) {
      long seen = bounds + (first + row) / group * 8L;
      int from = first(scratch, seen);
      int to = end(scratch, seen, count);
      boolean four = row + 4 <= some;
      for (int other = row + 1; four && other < row + 4; other++) {
        long othersSeen = bounds + (first + other) / group * 8L;
        four = first(scratch, othersSeen) == from && end(scratch, othersSeen, count) == to;
      }
      long y = sums + (first + row) * sumsRowBytes;
      int d = 0;
      for (; four && d + WIDTH <= valueSize; d += WIDTH) {
        VectorTileLoops.fourByTwo(scratch, weights + 4L * row, from, to, v.memory, v.offset + 4L * d, v.stride, scratch, y + 4L * d, sumsRowBytes);
      }
      for (int other = 0; other < (four ? 4 : 1); other++) {
        one(scratch, weights + 4L * (row + other), from, to, v, y + other * sumsRowBytes, d, valueSize);
      }
      row += four ? 4 : 1;
    }
  }

  private static void one(MemorySegment scratch, long weights, int from, int to, Rows v, long y, int begin, int valueSize) {
    int d = begin;
    for (; d + 2 * WIDTH <= valueSize; d += 2 * WIDTH) {
      VectorTileLoops.oneByFour(scratch, weights, from, to, v.memory, v.offset + 4L * d, v.stride, scratch, y + 4L * d);
    }
    for (; d < valueSize; d += WIDTH / 2) {
      VectorTileLoops.oneByOne(scratch, weights, from, to, v.memory, v.offset + 4L * d, v.stride, scratch, y + 4L * d);
    }
  }
}
