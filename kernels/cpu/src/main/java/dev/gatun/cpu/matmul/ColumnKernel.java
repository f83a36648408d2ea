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
      for (int n = n0; n < n1; n += Block.ROWS) {
        int some = Math.min(Block.ROWS, n1 - n);
        int span = some + Tile.MOST;
        int outputs = Math.ceilDiv(end - m, Columns.WIDTH) * Columns.WIDTH * span;
        float[] sums = block.sums(outputs);
        Arrays.fill(sums, 0, outputs, 0);
        for (int from = 0; from < k; from += Block.DEPTH) {
          int count = Math.min(Block.DEPTH, k - from);
          if (end - m <= Columns.WIDTH) {
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
    int step = width <= Wide.L ? tile.narrowRows() : tile.rows();
    long at = Columns.at(actOffset, rows, k, m, from);
    MemorySegment columns = columns(act, at, width, count, block);
    for (int n = 0; n < some; n += step) {
      for (int r = 0; r < Math.min(step, some - n); r++) {
        piece.decode(w, wOffset + (n + r) * wRowBytes, k, from, count, block.weights, r * Block.STRIDE);
      }
      multiply(columns, columns == act ? at : 0, width, count, block.weights, 0, sums, n * Columns.WIDTH);
    }
  }

  /** Several groups: a block of weights is decoded once, and meets one group after the other. */
  private void many(Block block, float[] sums, int span, MemorySegment act, long actOffset, int rows, int m, int end, MemorySegment w,
      long wOffset, long wRowBytes, int some, int k, int from, int count) {
    for (int n = 0; n < some; n++) {
      piece.decode(w, wOffset + n * wRowBytes, k, from, count, block.weights, n * Block.STRIDE);
    }
    for (int half = 0; half < count; half += Block.HALF) {
      int depth = Math.min(Block.HALF, count - half);
      for (int first = m; first < end; first += Columns.WIDTH) {
        int width = Columns.width(rows, first);
        int step = width <= Wide.L ? tile.narrowRows() : tile.rows();
        long at = Columns.at(actOffset, rows, k, first, from + half);
        MemorySegment columns = columns(act, at, width, depth, block);
        for (int n = 0; n < some; n += step) {
          multiply(columns, columns == act ? at : 0, width, depth, block.weights, n * Block.STRIDE + half, sums,
              (first - m) * span + n * Columns.WIDTH);
        }
      }
    }
  }

  /** Where columns lie one or two whole vectors wide: the activations themselves, or a copy of them. */
  private static MemorySegment columns(MemorySegment act, long at, int width, int count, Block block) {
    if (NativeSegments.is(act) && (width == Wide.L || width == Columns.WIDTH)) {
      return act;
    }
    Columns.spread(act, at, width, count, block, width < Wide.L ? Wide.L : Columns.WIDTH);
    return block.columns;
  }

  private void multiply(MemorySegment columns, long at, int width, int depth, float[] weights, int from, float[] sums, int to) {
    if (width <= Wide.L) {
      tile.narrow(columns, at, depth, weights, from, sums, to);
    } else {
      tile.wide(columns, at, depth, weights, from, sums, to);
    }
  }

  private static void store(Block block, float[] sums, int span, int rows, int m, int end, int some, MemorySegment y, long yOffset,
      long yRowBytes) {
    for (int first = m; first < end; first += Columns.WIDTH) {
      for (int lane = 0; lane < Columns.width(rows, first); lane++) {
        int at = (first - m) * span + lane;
        for (int n = 0; n < some; n++) {
          block.row[n] = sums[at + n * Columns.WIDTH];
        }
        MemorySegment.copy(block.row, 0, y, JAVA_FLOAT_UNALIGNED, yOffset + (first + lane) * yRowBytes, some);
      }
    }
  }
}
