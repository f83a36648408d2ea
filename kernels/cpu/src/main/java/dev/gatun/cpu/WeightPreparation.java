package dev.gatun.cpu;

import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.GatunException;
import dev.gatun.Prepared;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.cpu.format.Dequantizer;
import dev.gatun.cpu.matmul.MatmulKernel;
import dev.gatun.cpu.op.Step;
import java.lang.foreign.MemorySegment;
import java.util.function.LongFunction;

/** Chooses where a weight lies: in place where a kernel reads its type, else expanded to F32. */
final class WeightPreparation {
  private final Workers workers;

  WeightPreparation(Workers workers) {
    this.workers = workers;
  }

  Prepared prepare(Tensor weight, Use use, LongFunction<Buffer> allocate) {
    MemorySegment from = weight.buffer().host()
        .orElseThrow(() -> new GatunException("cpu: prepare: " + weight + " is on another device; copy it to host memory first"));
    boolean multiplied = use == Use.MATMUL || use == Use.MATMUL_AND_EMBEDDING;
    boolean expand = use == Use.VECTOR ? weight.dtype() != DType.F32 : multiplied && !MatmulKernel.takes(weight.dtype());
    if (from.isNative() && !expand) {
      return new Prepared(weight, 0, 0, "used in place");
    }
    long started = System.nanoTime();
    if (!expand && weight.isContiguous()) {
      Tensor copy = Tensor.of(allocate.apply(weight.bytes()), 0, weight.dtype(), weight.shape());
      MemorySegment.copy(from, weight.offset(), copy.buffer().host().orElseThrow(), 0, weight.bytes());
      return new Prepared(copy, weight.bytes(), System.nanoTime() - started, "copied from the Java heap to native memory");
    }
    Tensor to = Tensor.of(allocate.apply(DType.F32.bytes(weight.shape().elements())), 0, DType.F32, weight.shape());
    MemorySegment into = to.buffer().host().orElseThrow();
    Dequantizer dequantizer = Dequantizer.of(weight.dtype());
    int columns = Math.toIntExact(weight.shape().size(-1));
    int rows = Math.toIntExact(weight.shape().rows());
    if (weight.shape().rank() > 2 && !weight.isContiguous()) {
      throw new GatunException("cpu: prepare: " + weight + " must be contiguous");
    }
    long rowBytes = weight.dtype().bytes(weight.shape().rank() > 1 ? weight.stride(-2) : columns);
    Step step = new Step() {
      @Override
      public int units() {
        return rows;
      }

      @Override
      public int chunk() {
        return 16;
      }

      @Override
      public void run(int first, int end, int worker) {
        for (int r = first; r < end; r++) {
          dequantizer.row(from, weight.offset() + r * rowBytes, into, 4L * r * columns, columns);
        }
      }
    };
    workers.run(new Step[] {step}, new long[0]);
    String reason = expand ? "expanded to F32: no kernel reads " + weight.dtype() + " in place" : "copied from the Java heap to native memory and expanded to F32";
    return new Prepared(to, to.bytes(), System.nanoTime() - started, reason);
  }
}
