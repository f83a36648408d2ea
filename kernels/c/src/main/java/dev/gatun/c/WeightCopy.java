package dev.gatun.c;

import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.GatunException;
import dev.gatun.Prepared;
import dev.gatun.Program;
import dev.gatun.Shape;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.spi.DeviceMemory;
import dev.gatun.spi.DeviceStream;
import dev.gatun.spi.Unsupported;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.LongFunction;

/** Brings weights to where launch functions read them, as they lie; vectors become F32. */
final class WeightCopy {
  private final DeviceStream stream;
  private final Compiler compiler;
  private final boolean hostMemory;
  private final String backend;

  WeightCopy(String backend, DeviceStream stream, Compiler compiler, boolean hostMemory) {
    this.backend = backend;
    this.stream = stream;
    this.compiler = compiler;
    this.hostMemory = hostMemory;
  }

  Prepared prepare(Tensor weight, Use use, LongFunction<Buffer> allocate) {
    boolean onHeap = weight.buffer().host().filter(segment -> !segment.isNative()).isPresent();
    boolean reached = weight.buffer().backend().isPresent() || hostMemory && !onHeap;
    boolean expand = use == Use.VECTOR && weight.dtype() != DType.F32;
    if (reached && !expand) {
      return new Prepared(weight, 0, 0, "used in place");
    }
    long started = System.nanoTime();
    Tensor plain = expand ? expanded(weight, allocate) : copied(weight, allocate);
    String reason = expand ? "expanded to F32" : "copied to the device as it lies";
    return new Prepared(plain, plain.buffer().bytes(), System.nanoTime() - started, reason);
  }

  /** The weight's elements in a buffer of their own, row after row. */
  private Tensor copied(Tensor weight, LongFunction<Buffer> allocate) {
    Buffer buffer = allocate.apply(weight.dtype().bytes(weight.shape().elements()));
    try {
      copyRows(weight, 0, weight.offset(), buffer.memory(), 0);
      stream.synchronize();
      return Tensor.of(buffer, 0, weight.dtype(), weight.shape());
    } catch (RuntimeException | Error e) {
      Release.after(e, stream::synchronize, buffer::close);
      throw e;
    }
  }

  /** Copies what lies under index 0 of the dimensions before one, in as few pieces as its gaps allow. @return the bytes copied */
  private long copyRows(Tensor weight, int dimension, long from, DeviceMemory to, long toOffset) {
    long elements = 1;
    boolean packed = true;
    for (int i = weight.shape().rank() - 1; i >= dimension; i--) {
      packed &= weight.size(i) == 1 || weight.stride(i) == elements;
      elements *= weight.size(i);
    }
    if (packed) {
      stream.copy(weight.buffer().memory(), from, to, toOffset, weight.dtype().bytes(elements));
      return weight.dtype().bytes(elements);
    }
    long done = 0;
    for (long i = 0; i < weight.size(dimension); i++) {
      done += copyRows(weight, dimension + 1, from + weight.dtype().bytes(i * weight.stride(dimension)), to, toOffset + done);
    }
    return done;
  }

  private Tensor expanded(Tensor weight, LongFunction<Buffer> allocate) {
    return HostElements.knows(weight.dtype()) ? expandedHere(weight, allocate) : expandedThere(weight, allocate);
  }

  /** Through host memory: vectors are small. */
  private Tensor expandedHere(Tensor weight, LongFunction<Buffer> allocate) {
    long elements = weight.shape().elements();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment raw = arena.allocate(Math.max(1, weight.dtype().bytes(elements)), Long.BYTES);
      copyRows(weight, 0, weight.offset(), new DeviceMemory.Host(raw), 0);
      stream.synchronize();
      MemorySegment wide = arena.allocate(ValueLayout.JAVA_FLOAT, Math.max(1, elements));
      HostElements.read(weight.dtype(), raw, elements, (i, value) -> wide.setAtIndex(ValueLayout.JAVA_FLOAT, i, value));
      return copied(Tensor.ofHost(wide, DType.F32, weight.shape().sizes()), allocate);
    }
  }

  /** By the library's own gatun_dequantize. */
  private Tensor expandedThere(Tensor weight, LongFunction<Buffer> allocate) {
    Tensor plain = copied(weight, allocate);
    try {
      Tensor to = Tensor.of(allocate.apply(DType.F32.bytes(weight.shape().elements())), 0, DType.F32, Shape.of(weight.shape().sizes()));
      try {
        run(new Dequantize(plain, to));
      } catch (RuntimeException | Error e) {
        Release.after(e, to.buffer()::close);
        throw e;
      }
      return to;
    } finally {
      plain.buffer().close();
    }
  }

  private void run(Dequantize operator) {
    if (compiler.plan(operator) instanceof Unsupported unsupported) {
      throw new GatunException(backend + ": prepare: a vector of " + operator.x().dtype() + " must be expanded to F32: "
          + unsupported.reason() + "; keep vectors in F32, F16 or BF16");
    }
    CExecutable once = compiler.compile(Program.of(operator));
    try {
      stream.submit(once);
      stream.synchronize();
    } catch (RuntimeException | Error e) {
      Release.after(e, stream::synchronize, once::close);
      throw e;
    }
    once.close();
  }
}
