package dev.gatun.tornado;

import dev.gatun.Buffer;
import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.GatunException;
import dev.gatun.Operator;
import dev.gatun.Prepared;
import dev.gatun.Program;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.spi.DeviceMemory;
import dev.gatun.spi.Unsupported;
import java.util.function.LongFunction;

/** Brings weights to the device as they lie; vectors become F32. */
final class WeightUpload {
  private final Machine machine;
  private final Compiler compiler;

  WeightUpload(Machine machine, Compiler compiler) {
    this.machine = machine;
    this.compiler = compiler;
  }

  Prepared prepare(Tensor weight, Use use, LongFunction<Buffer> allocate) {
    boolean here = weight.buffer().backend().isPresent();
    boolean expand = use == Use.VECTOR && weight.dtype() != DType.F32;
    if (here && !expand) {
      return new Prepared(weight, 0, 0, "used in place");
    }
    long started = System.nanoTime();
    Tensor plain = here ? weight : upload(weight, allocate);
    if (!expand) {
      return new Prepared(plain, plain.buffer().bytes(), System.nanoTime() - started, "copied to the device as it lies");
    }
    try {
      Tensor wide = expand(plain, allocate);
      return new Prepared(wide, wide.buffer().bytes(), System.nanoTime() - started, "expanded to F32 on the device");
    } finally {
      if (!here) {
        plain.buffer().close();
      }
    }
  }

  /** The weight's elements in a buffer of their own; rows that lay apart follow each other there. */
  private Tensor upload(Tensor weight, LongFunction<Buffer> allocate) {
    Buffer buffer = allocate.apply(weight.dtype().bytes(weight.shape().elements()));
    try {
      copyRows(weight, 0, weight.offset(), buffer.memory(), 0);
      return Tensor.of(buffer, 0, weight.dtype(), weight.shape());
    } catch (RuntimeException | Error e) {
      buffer.close();
      throw e;
    }
  }

  /** Copies what lies under index 0 of the dimensions before {@code dimension}, in as few pieces as its gaps allow. @return the bytes copied */
  private long copyRows(Tensor weight, int dimension, long from, DeviceMemory to, long toOffset) {
    long elements = 1;
    boolean packed = true;
    for (int i = weight.shape().rank() - 1; i >= dimension; i--) {
      packed &= weight.size(i) == 1 || weight.stride(i) == elements;
      elements *= weight.size(i);
    }
    if (packed) {
      machine.copy(weight.buffer().memory(), from, to, toOffset, weight.dtype().bytes(elements));
      return weight.dtype().bytes(elements);
    }
    long done = 0;
    for (long i = 0; i < weight.size(dimension); i++) {
      done += copyRows(weight, dimension + 1, from + weight.dtype().bytes(i * weight.stride(dimension)), to, toOffset + done);
    }
    return done;
  }

  private Tensor expand(Tensor plain, LongFunction<Buffer> allocate) {
    Tensor to = Tensor.of(allocate.apply(DType.F32.bytes(plain.shape().elements())), 0, DType.F32, plain.shape());
    try {
      Operator operator = plain.dtype().isFloat() ? new Copy(plain, to) : new Dequantize(plain, to);
      if (compiler.plan(operator) instanceof Unsupported unsupported) {
        throw new GatunException("tornado: prepare: a vector of " + plain.dtype() + " must be expanded to F32: " + unsupported.reason());
      }
      TornadoExecutable once = compiler.compile(Program.of(operator));
      try {
        once.run();
      } finally {
        once.close();
      }
      return to;
    } catch (RuntimeException | Error e) {
      to.buffer().close();
      throw e;
    }
  }
}
