package dev.gatun.tck.lab;

import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.Shape;
import dev.gatun.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Tensors that are needed for a moment, beside those of a case: without guards, in host memory, and copied to memory of the backend's own
 * where its operators do
 * not read the host's. Closing it waits for the stream and frees them.
 */
final class Staging implements AutoCloseable {
  private final Workbench bench;
  private final Arena arena = Arena.ofShared();
  private final List<Buffer> device = new ArrayList<>();

  Staging(Workbench bench) {
    this.bench = bench;
  }

  /** I32 in host memory, for the oracle. */
  Tensor ints(int... values) {
    MemorySegment bytes = arena.allocate(Math.max(1, values.length) * (long) Integer.BYTES, Integer.BYTES);
    MemorySegment.copy(MemorySegment.ofArray(values), 0, bytes, 0, values.length * (long) Integer.BYTES);
    return Tensor.ofHost(bytes, DType.I32, values.length);
  }

  /** F32 in host memory: a part of {@code values}. */
  Tensor floats(double[] values, int from, long... shape) {
    int n = Math.toIntExact(Shape.of(shape).elements());
    float[] part = new float[n];
    for (int i = 0; i < n; i++) {
      part[i] = (float) values[from + i];
    }
    MemorySegment bytes = arena.allocate(Math.max(1, n) * (long) Float.BYTES, Float.BYTES);
    MemorySegment.copy(MemorySegment.ofArray(part), 0, bytes, 0, n * (long) Float.BYTES);
    return Tensor.ofHost(bytes, DType.F32, shape);
  }

  /** The same where the backend's operators read it. */
  Tensor onDevice(Tensor host) {
    if (!bench.lab().mirrored()) {
      return host;
    }
    Buffer buffer = bench.backend().allocate(host.buffer().bytes());
    device.add(buffer);
    Tensor tensor = Tensor.of(buffer, 0, host.dtype(), host.shape());
    bench.stream().copy(Tensor.of(host.buffer(), 0, DType.I8, Shape.of(buffer.bytes())), Tensor.of(buffer, 0, DType.I8,
        Shape.of(buffer.bytes())));
    return tensor;
  }

  @Override
  public void close() {
    bench.stream().synchronize();
    device.forEach(Buffer::close);
    arena.close();
  }
}
