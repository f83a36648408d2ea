package dev.gatun.decoder;

import dev.gatun.Buffer;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The host's copy of a contiguous tensor of 32-bit elements, in native memory that is kept: steps exchange values with the device without making objects. */
final class HostSide {
  private final Tensor tensor;
  private final MemorySegment memory;
  private final Buffer buffer;

  HostSide(Tensor tensor) {
    this(tensor, tensor.bytes());
  }

  private HostSide(Tensor tensor, long bytes) {
    this.tensor = tensor;
    this.memory = Arena.ofAuto().allocate(bytes, Long.BYTES);
    this.buffer = Buffer.ofHost(memory);
  }

  /** For one element at a time of a large tensor: {@link #fetchOne} alone. */
  static HostSide ofOne(Tensor tensor) {
    return new HostSide(tensor, Integer.BYTES);
  }

  void set(long index, int value) {
    memory.set(ValueLayout.JAVA_INT, 4 * index, value);
  }

  void set(long index, float value) {
    memory.set(ValueLayout.JAVA_FLOAT, 4 * index, value);
  }

  int get(long index) {
    return memory.get(ValueLayout.JAVA_INT, 4 * index);
  }

  void clear() {
    memory.fill((byte) 0);
  }

  /** Sends every element; the stream has to be waited for before one is set again. */
  void send(Stream stream) {
    stream.copy(buffer, 0, tensor.buffer(), tensor.offset(), tensor.bytes());
  }

  /** Waits for the work before, and for the first elements. */
  void fetch(Stream stream, int elements) {
    stream.copy(tensor.buffer(), tensor.offset(), buffer, 0, 4L * elements);
    stream.synchronize();
  }

  /** Waits for the work before, and for one element, which is {@code get(0)} then. */
  void fetchOne(Stream stream, long element) {
    stream.copy(tensor.buffer(), tensor.offset() + 4 * element, buffer, 0, 4);
    stream.synchronize();
  }
}
