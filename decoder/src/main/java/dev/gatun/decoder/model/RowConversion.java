package dev.gatun.decoder.model;

import dev.gatun.Backend;
import dev.gatun.Buffer;
import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.Operator;
import dev.gatun.Quantize;
import dev.gatun.Shape;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Rows from one type to another through F32, by a backend's own operators, some rows at a time. It owns the memory between. The backend computes in host
 * memory.
 */
final class RowConversion implements AutoCloseable {
  private static final int ELEMENTS = 1 << 20;

  private final Backend backend;
  private final Stream stream;
  private final List<Buffer> owned = new ArrayList<>();
  private final Buffer source;
  private final Buffer values;
  private final Buffer result;
  private final Buffer again;
  private final float[] exact;
  private final float[] rounded;

  /** @param longest elements of the longest row */
  RowConversion(Backend backend, int longest) {
    this.backend = backend;
    int elements = Math.max(ELEMENTS, longest);
    this.stream = backend.newStream();
    this.source = own(elements);
    this.values = own(elements);
    this.result = own(elements);
    this.again = own(elements);
    this.exact = new float[elements];
    this.rounded = new float[elements];
  }

  private Buffer own(int elements) {
    Buffer buffer = backend.allocate((long) Float.BYTES * elements);
    owned.add(buffer);
    return buffer;
  }

  /**
   * Rewrites whole rows of {@code columns} elements.
   *
   * @return what rounding to {@code to} changed
   */
  RoundingError convert(MemorySegment from, DType type, MemorySegment into, DType to, int columns) {
    long rows = into.byteSize() / to.bytes(columns);
    long some = Math.max(1, ELEMENTS / columns);
    RoundingError error = RoundingError.NONE;
    for (long row = 0; row < rows; row += some) {
      long count = Math.min(some, rows - row);
      long sourceBytes = count * type.bytes(columns);
      long resultBytes = count * to.bytes(columns);
      MemorySegment.copy(from, row * type.bytes(columns), host(source), 0, sourceBytes);
      Tensor x = view(values, DType.F32, count, columns);
      Tensor y = view(result, to, count, columns);
      Tensor z = view(again, DType.F32, count, columns);
      stream.run(conversion(view(source, type, count, columns), x));
      stream.run(conversion(x, y));
      stream.run(conversion(y, z));
      stream.synchronize();
      MemorySegment.copy(host(result), 0, into, row * to.bytes(columns), resultBytes);
      error = error.plus(compare((int) (count * columns)));
    }
    return error;
  }

  private RoundingError compare(int elements) {
    MemorySegment.copy(host(values), ValueLayout.JAVA_FLOAT_UNALIGNED, 0, exact, 0, elements);
    MemorySegment.copy(host(again), ValueLayout.JAVA_FLOAT_UNALIGNED, 0, rounded, 0, elements);
    return RoundingError.between(exact, rounded, elements);
  }

  private static Operator conversion(Tensor from, Tensor to) {
    return from.dtype().isBlock() ? new Dequantize(from, to) : to.dtype().isBlock() ? new Quantize(from, to) : new Copy(from, to);
  }

  private static Tensor view(Buffer buffer, DType type, long rows, long columns) {
    return Tensor.of(buffer, 0, type, Shape.of(rows, columns));
  }

  private static MemorySegment host(Buffer buffer) {
    return buffer.host().orElseThrow();
  }

  @Override
  public void close() {
    stream.close();
    owned.forEach(Buffer::close);
  }
}
