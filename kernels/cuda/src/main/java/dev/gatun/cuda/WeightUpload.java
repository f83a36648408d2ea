package dev.gatun.cuda;

import dev.gatun.Buffer;
import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.Operator;
import dev.gatun.Prepared;
import dev.gatun.Program;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.op.BandLayout;
import dev.gatun.ffi.cuda.Stream;
import dev.gatun.spi.DeviceMemory;
import java.util.List;
import java.util.function.LongFunction;

/** Brings weights to the device: matrices of some types in the order that tensor cores take them in, vectors as F32, the rest as it lies. */
final class WeightUpload {
  private final Gpu gpu;
  private final Stream stream;
  private final Compiler compiler;

  WeightUpload(Gpu gpu, Stream stream, Compiler compiler) {
    this.gpu = gpu;
    this.stream = stream;
    this.compiler = compiler;
  }

  Prepared prepare(Tensor weight, Use use, LongFunction<Buffer> allocate) {
    boolean here = weight.buffer().backend().isPresent();
    // What is multiplied by a block-quantized weight may be rounded to BF16, and so may the weight; 8-bit floats are BF16 exactly.
    boolean narrow = use == Use.MLA && (weight.dtype().isBlock() || weight.dtype() == DType.F8_E4M3 || weight.dtype() == DType.F8_E5M2);
    DType wanted = narrow ? DType.BF16 : DType.F32;
    boolean expand = narrow || use == Use.VECTOR && weight.dtype() != DType.F32;
    boolean pack = (use == Use.MATMUL || use == Use.MATMUL_AND_EMBEDDING) && BandLayout.suits(weight, gpu);
    if (here && !expand && !pack) {
      return new Prepared(weight, 0, 0, "used in place");
    }
    long started = System.nanoTime();
    Tensor plain = here ? weight : upload(weight, allocate);
    if (!expand && !pack) {
      return new Prepared(plain, plain.buffer().bytes(), System.nanoTime() - started, "copied to the device as it lies");
    }
    List<Runnable> staging = here ? List.of() : List.of(plain.buffer()::close);
    Tensor made;
    try {
      made = pack ? pack(plain, allocate) : expand(plain, wanted, allocate);
    } catch (RuntimeException | Error e) {
      Release.after(e, staging);
      throw e;
    }
    try {
      Release.all(staging);
    } catch (RuntimeException e) {
      Release.after(e, List.of(made.buffer()::close));
      throw e;
    }
    return new Prepared(made, made.buffer().bytes(), System.nanoTime() - started,
        pack ? "repacked on the device in the order of tensor cores' fragments" : "expanded to " + wanted + " on the device");
  }

  /** The weight's elements in a buffer of their own; rows that lay apart follow each other there. */
  private Tensor upload(Tensor weight, LongFunction<Buffer> allocate) {
    Buffer buffer = allocate.apply(weight.dtype().bytes(weight.shape().elements()));
    try {
      Tensor to = Tensor.of(buffer, 0, weight.dtype(), weight.shape());
      Calls.run(() -> {
        copyRows(weight, 0, weight.offset(), buffer.memory(), 0);
        stream.synchronize();
      });
      return to;
    } catch (RuntimeException | Error e) {
      Release.after(e, List.of(stream::synchronize, buffer::close));
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
      if (elements > 0) {
        HostStaging.copy(stream, weight.buffer().memory(), from, to, toOffset, weight.dtype().bytes(elements));
      }
      return weight.dtype().bytes(elements);
    }
    long done = 0;
    for (long i = 0; i < weight.size(dimension); i++) {
      done += copyRows(weight, dimension + 1, from + weight.dtype().bytes(i * weight.stride(dimension)), to, toOffset + done);
    }
    return done;
  }

  private Tensor pack(Tensor plain, LongFunction<Buffer> allocate) {
    Buffer buffer = allocate.apply(BandLayout.bytes(plain.dtype(), plain.size(0), plain.size(1), gpu));
    Tensor to = Tensor.ofLayout(buffer, 0, plain.dtype(), plain.shape(), BandLayout.NAME);
    try {
      compiler.once(stream, binding -> BandLayout.bind(plain, to, binding));
    } catch (RuntimeException | Error e) {
      Release.after(e, List.of(stream::synchronize, buffer::close));
      throw e;
    }
    return to;
  }

  private Tensor expand(Tensor plain, DType wanted, LongFunction<Buffer> allocate) {
    Tensor to = Tensor.of(allocate.apply(wanted.bytes(plain.shape().elements())), 0, wanted, plain.shape());
    Operator operator = plain.dtype().isBlock() ? new Dequantize(plain, to) : new Copy(plain, to);
    try {
      CudaExecutable once = compiler.compile(Program.of(operator));
      try {
        Calls.run(() -> {
          once.submit(stream);
          stream.synchronize();
        });
      } catch (RuntimeException | Error e) {
        Release.after(e, List.of(stream::synchronize, once::close));
        throw e;
      }
      once.close();
    } catch (RuntimeException | Error e) {
      Release.after(e, List.of(to.buffer()::close));
      throw e;
    }
    return to;
  }
}
