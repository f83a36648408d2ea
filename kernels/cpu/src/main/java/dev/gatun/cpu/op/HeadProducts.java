package dev.gatun.cpu.op;

import static dev.gatun.cpu.op.View.FLOAT;

import dev.gatun.DType;
import dev.gatun.cpu.format.Dequantizer;
import dev.gatun.cpu.format.Quantizer;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Each head's rows times that head's own weight: {@code y[t, h] = w[h] · x[t, h]}; a unit is a head. */
final class HeadProducts implements Step {
  /** Rows of a weight that are made F32 at a time. */
  private static final int PIECE = 16;

  /**
   * The sizes of the products.
   *
   * @param tokens rows of a head at most
   * @param in elements of a row of x
   * @param out elements of a row of y
   * @param across whether a row of w runs along y instead of x
   * @param x what x is made of
   * @param w what w is made of
   * @param y what y is made of
   */
  record Sizes(int tokens, int in, int out, boolean across, DType x, DType w, DType y) {
    private boolean pieces(Optional<WeightProducts> products) {
      return w != DType.F32 && (across || products.isEmpty());
    }

    private long rows() {
      return x == DType.F32 ? 0 : tokens * Scratch.align(4L * in);
    }

    private long results() {
      return y == DType.F32 ? 0 : tokens * Scratch.align(4L * out);
    }

    private long weights(Optional<WeightProducts> products) {
      return pieces(products) ? PIECE * Scratch.align(4L * (across ? out : in)) : 0;
    }

    /** Bytes of scratch memory of a worker. */
    long scratch(Optional<WeightProducts> products) {
      long work = across ? 0 : products.map(p -> p.workBytes(tokens, in)).orElse(0L);
      return rows() + results() + weights(products) + Scratch.align(work);
    }
  }

  private final Sizes sizes;
  private final Rows rows;
  private final View x;
  private final View w;
  private final View y;
  private final Optional<View> tail;
  private final RowMath math;
  private final Optional<WeightProducts> products;
  private final Dequantizer xRows;
  private final Dequantizer wRows;
  private final Dequantizer tailRows;
  private final Quantizer yRows;
  private final Scratch scratch;

  /** {@code tail}, if there is one, follows each row of y, which has room for it and is of F32. */
  HeadProducts(Sizes sizes, Rows rows, View x, View w, View y, Optional<View> tail, RowMath math, Optional<WeightProducts> products, Scratch scratch) {
    this.sizes = sizes;
    this.rows = rows;
    this.x = x;
    this.w = w;
    this.y = y;
    this.tail = tail;
    this.math = math;
    this.products = sizes.across() ? Optional.empty() : products;
    this.xRows = Dequantizer.of(sizes.x());
    this.wRows = Dequantizer.of(sizes.w());
    this.tailRows = Dequantizer.of(tail.map(View::dtype).orElse(DType.F32));
    this.yRows = Quantizer.of(sizes.y());
    this.scratch = scratch;
  }

  @Override
  public int units() {
    return rows.indices() == 0 ? 0 : w.size(0);
  }

  @Override
  public void run(int from, int to, int worker) {
    for (int head = from; head < to; head++) {
      head(head, rows.indices(), scratch.of(worker));
    }
  }

  private void head(int head, int tokens, long base) {
    MemorySegment memory = scratch.memory();
    MemorySegment in = x.memory();
    long inAt = x.offset() + head * x.strideBytes(1);
    long inRow = x.strideBytes(0);
    if (sizes.x() != DType.F32) {
      long row = Scratch.align(4L * sizes.in());
      for (int t = 0; t < tokens; t++) {
        xRows.row(in, inAt + t * inRow, memory, base + t * row, sizes.in());
      }
      in = memory;
      inAt = base;
      inRow = row;
    }
    long free = base + sizes.rows();
    boolean direct = sizes.y() == DType.F32;
    MemorySegment out = direct ? y.memory() : memory;
    long outAt = direct ? y.offset() + head * y.strideBytes(1) : free;
    long outRow = direct ? y.strideBytes(0) : Scratch.align(4L * sizes.out());
    free += sizes.results();
    multiply(head, tokens, in, inAt, inRow, out, outAt, outRow, free);
    for (int t = 0; t < tokens && !direct; t++) {
      yRows.row(memory, outAt + t * outRow, y.memory(), y.offset() + t * y.strideBytes(0) + head * y.strideBytes(1), sizes.out());
    }
    if (tail.isPresent()) {
      View rest = tail.get();
      for (int t = 0; t < tokens; t++) {
        tailRows.row(rest.memory(), rest.offset() + t * rest.strideBytes(0) + head * rest.strideBytes(1), out, outAt + t * outRow + 4L * sizes.out(), rest.size(2));
      }
    }
  }

  private void multiply(int head, int tokens, MemorySegment in, long inAt, long inRow, MemorySegment out, long outAt, long outRow, long free) {
    long wAt = w.offset() + head * w.strideBytes(0);
    if (products.isPresent()) {
      products.get().multiply(in, inAt, inRow, tokens, sizes.in(), w.memory(), wAt, w.strideBytes(1), sizes.out(), out, outAt, outRow, scratch.memory(), free);
      return;
    }
    int columns = w.size(2);
    long row = Scratch.align(4L * columns);
    for (int t = 0; sizes.across() && t < tokens; t++) {
      for (int i = 0; i < sizes.out(); i++) {
        out.set(FLOAT, outAt + t * outRow + 4L * i, 0);
      }
    }
    for (int r = 0; r < w.size(1); r += PIECE) {
      int n = Math.min(PIECE, w.size(1) - r);
      MemorySegment weight = w.memory();
      long at = wAt + r * w.strideBytes(1);
      long stride = w.strideBytes(1);
      if (sizes.w() != DType.F32) {
        math.widen(wRows, weight, at, stride, n, scratch.memory(), free, row, columns);
        weight = scratch.memory();
        at = free;
        stride = row;
      }
      if (sizes.across()) {
        math.accumulate(in, inAt + 4L * r, inRow, tokens, n, weight, at, stride, out, outAt, outRow, columns);
      } else {
        math.dots(in, inAt, inRow, tokens, weight, at, stride, n, columns, 1, out, outAt + 4L * r, outRow);
      }
    }
  }
}
