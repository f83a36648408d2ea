package dev.gatun.cpu.matmul;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.gatun.DType;
import dev.gatun.cpu.op.NativeSegments;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Matmul of many activation rows, which lie as {@link Columns}: weights become floats, row by row, and each of them is broadcast to
 * multiply a column of activations. No sum goes across a vector, and no weight has to change its place. The arithmetic is that of F32
 * multiply-adds on the decoded weights; activations are not rounded.
 */
final class ColumnKernel extends MatmulKernel {
  private static final int[] IN_ORDER = {};

  private final PanelKernel.Piece piece;
  private final int[] order;
  private final Tile tile = Tile.best();

  ColumnKernel(DType type, RowDecoder decoder) {
    this((w, row, k, from, count, out, at) -> decoder.decode(w, row + type.bytes(from), count, out, at), IN_ORDER);
  }

  /** Of rows decoded in another order, which {@link Columns#write} describes. */
  ColumnKernel(PanelKernel.Piece piece, int[] order) {
    this.piece = piece;
    this.order = order;
  }

  @Override
  public String activationForm() {
    return "columns";
  }

  @Override
  public long activationBytes(int k) {
    return 4L * k;
  }

  @Override
  public void activate(MemorySegment x, long xOffset, long xRowBytes, int rows, int k, MemorySegment act, long actOffset, int m0, int m1) {
    Columns.write(x, xOffset, xRowBytes, rows, k, act, actOffset, m0, m1, order);
  }

  @Override
  public void multiply(MemorySegment act, long actOffset, long actRowBytes, int rows, MemorySegment w, long wOffset, long wRowBytes,
      int k, int n0, int n1, MemorySegment y, long yOffset, long yRowBytes) {
    Block block = Block.ofThread();
    for (int m = 0; m < rows; m += Block.BATCH) {
      int end = Math.min(rows, m + Block.BATCH);
      boolean few = Columns.width(rows, m) == end - m;
      int depth = few ? Block.SHALLOW : Block.depth(k);
      int height = Block.rows(depth);
      for (int n = n0; n < n1; n += height) {
        int some = Math.min(height, n1 - n);
        int span = some + Tile.MOST;
        int outputs = Columns.vectors(end - m) * Wide.L * span;
        float[] sums = block.sums(outputs);
        Arrays.fill(sums, 0, outputs, 0);
        for (int from = 0; from < k; from += depth) {
          int count = Math.min(depth, k - from);
          if (few) {
            few(block, sums, act, actOffset, rows, m, w, wOffset + n * wRowBytes, wRowBytes, some, k, from, count);
          } else {
            many(block, sums, span, act, actOffset, rows, m, end, w, wOffset + n * wRowBytes, wRowBytes, some, k, from, count);
          }
        }
        store(block, sums, span, rows, m, end, some, y, yOffset + 4L * n, yRowBytes);
      }
    }
  }

  /** One group of activation rows: weights are multiplied as soon as they are decoded. */
  private void few(Block block, float[] sums, MemorySegment act, long actOffset, int rows, int m, MemorySegment w, long wOffset,
      long wRowBytes, int some, int k, int from, int count) {
    int width = Columns.width(rows, m);
    int vectors = Columns.vectors(width);
    int step = tile.rows(vectors);
    long at = Columns.at(actOffset, rows, k, m, from);
    MemorySegment columns = columns(act, at, width, count, block);
    for (int n = 0; n < some; n += step) {
      for (int r = 0; r < Math.min(step, some - n); r++) {
        piece.decode(w, wOffset + (n + r) * wRowBytes, k, from, count, block.weights, r * Block.STRIDE);
      }
      tile.multiply(vectors, columns, columns == act ? at : 0, count, block.weights, 0, sums, n * vectors * Wide.L);
    }
  }

  /** Several groups: a block of weights is decoded once, and meets one group after the other. */
  private void many(Block block, float[] sums, int span, MemorySegment act, long actOffset, int rows, int m, int end, MemorySegment w,
      long wOffset, long wRowBytes, int some, int k, int from, int count) {
    for (int n = 0; n < some; n++) {
      piece.decode(w, wOffset + n * wRowBytes, k, from, count, block.weights, n * Block.STRIDE);
    }
    int width;
    for (int first = m; first < end; first += width) {
      width = Columns.width(rows, first);
      int vectors = Columns.vectors(width);
      int step = tile.rows(vectors);
      long at = Columns.at(actOffset, rows, k, first, from);
      MemorySegment columns = columns(act, at, width, count, block);
      for (int n = 0; n < some; n += step) {
        tile.multiply(vectors, columns, columns == act ? at : 0, count, block.weights, n * Block.STRIDE, sums,
            (first - m) * span + n * vectors * Wide.L);
      }
    }
  }

  /** Where columns lie as whole vectors: the activations themselves, or a copy of them. */
  private static MemorySegment columns(MemorySegment act, long at, int width, int count, Block block) {
    if (NativeSegments.is(act) && width % Wide.L == 0) {
      return act;
    }
    return Columns.spread(act, at, width, count, block, Columns.vectors(width) * Wide.L);
  }

  private static void store(Block block, float[] sums, int span, int rows, int m, int end, int some, MemorySegment y, long yOffset,
      long yRowBytes) {
    int width;
    for (int first = m; first < end; first += width) {
      width = Columns.width(rows, first);
      int stride = Columns.vectors(width) * Wide.L;
      for (int lane = 0; lane < width; lane++) {
        int at = (first - m) * span + lane;
        for (int n = 0; n < some; n++) {
          block.row[n] = sums[at + n * stride];
        }
        MemorySegment.copy(block.row, 0, y, JAVA_FLOAT_UNALIGNED, yOffset + (first + lane) * yRowBytes, some);
      }
    }
  }
}
