package dev.gatun.cpu.op;

import dev.gatun.DType;
import dev.gatun.cpu.format.Dequantizer;
import dev.gatun.cpu.format.Quantizer;
import java.lang.foreign.MemorySegment;

/** A float tensor's rows as F32: where they lie if that is what they are, else in a worker's scratch memory. */
final class F32Rows {
  private final View view;
  private final boolean direct;
  private final Dequantizer reader;
  private final Quantizer writer;
  private final MemorySegment memory;
  private final Scratch scratch;
  private final long slot;

  /** Rows of {@code view}, converted at byte {@code slot} of the worker's scratch memory. */
  F32Rows(View view, Scratch scratch, long slot) {
    this.view = view;
    this.direct = view.dtype() == DType.F32;
    this.reader = Dequantizer.of(view.dtype());
    this.writer = view.dtype().isFloat() ? Quantizer.of(view.dtype()) : Quantizer.of(DType.F32);
    this.memory = direct ? view.memory() : scratch.memory();
    this.scratch = scratch;
    this.slot = slot;
  }

  /** What the offsets that follow count in. */
  MemorySegment memory() {
    return memory;
  }

  /** Whether rows are read and written where they lie. */
  boolean isDirect() {
    return direct;
  }

  /** Bytes from an index of a dimension to the next, of rows that are read and written where they lie. */
  long stride(int dimension) {
    return view.strideBytes(dimension);
  }

  /** The offset of {@code n} elements of a row, read. */
  long load(int row, int column, int n, int worker) {
    return loadAt(view.row(row) + view.dtype().bytes(column), n, worker);
  }

  /** The offset of {@code n} elements that lie at byte {@code at} of the view's memory, read. */
  long loadAt(long at, int n, int worker) {
    if (direct) {
      return at;
    }
    long into = scratch.of(worker) + slot;
    reader.row(view.memory(), at, memory, into, n);
    return into;
  }

  /** The offset at which to put elements of a row, before {@link #store}. */
  long place(int row, int column, int worker) {
    return placeAt(view.row(row) + 4L * column, worker);
  }

  /** The offset at which to put elements that belong at byte {@code at}, before {@link #storeAt}. */
  long placeAt(long at, int worker) {
    return direct ? at : scratch.of(worker) + slot;
  }

  /** Makes the elements that were put at {@link #place} the row's. */
  void store(int row, int column, int n, int worker) {
    if (!direct) {
      storeAt(view.row(row) + (long) column * view.dtype().blockBytes(), n, worker);
    }
  }

  /** Makes the elements that were put at {@link #placeAt} those at byte {@code at}. */
  void storeAt(long at, int n, int worker) {
    if (!direct) {
      writer.row(memory, scratch.of(worker) + slot, view.memory(), at, n);
    }
  }
}
