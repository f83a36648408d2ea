package dev.gatun.cpu;

import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.GatunException;
import dev.gatun.Prepared;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.cpu.format.Dequantizer;
import dev.gatun.cpu.matmul.MatmulKernel;
import dev.gatun.cpu.matmul.Repack;
import dev.gatun.cpu.op.Step;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.function.LongFunction;

/** Chooses how a weight lies: in another order where a kernel reads that faster, in place where one reads its type, else expanded to F32. */
final class WeightPreparation {
  private static final long[] NO_CLOCK = {};

  private final Workers workers;
  private final WeightLayout layout;

  WeightPreparation(Workers workers, WeightLayout layout) {
    this.workers = workers;
    this.layout = layout;
  }

  Prepared prepare(Tensor weight, Use use, LongFunction<Buffer> allocate) {
    MemorySegment from = HostAccess.shared("cpu: prepare:", weight);
    if (weight.shape().rows() > Integer.MAX_VALUE || weight.size(-1) > Integer.MAX_VALUE) {
      throw new GatunException("cpu: prepare: " + weight + " has more than 2^31 - 1 rows or columns; split it");
    }
    boolean multiplied = use == Use.MATMUL || use == Use.MATMUL_AND_EMBEDDING;
    boolean expand = use == Use.VECTOR ? weight.dtype() != DType.F32 : multiplied && !MatmulKernel.takes(weight.dtype());
    Optional<Repack> repack = use == Use.MATMUL && weight.shape().rank() > 1 && weight.shape().rank() < 4 ? layout.repack(weight) : Optional.empty();
    if (repack.isPresent()) {
      return repacked(weight, from, repack.get(), allocate);
    }
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
    eachRow(rows, (first, end) -> {
      for (int r = first; r < end; r++) {
        dequantizer.row(from, start(weight, r), into, 4L * r * columns, columns);
      }
    });
    String reason = expand ? "expanded to F32: no kernel reads " + weight.dtype() + " in place" : "copied from the Java heap to native memory and expanded to F32";
    return new Prepared(to, to.bytes(), System.nanoTime() - started, reason);
  }

  private Prepared repacked(Tensor weight, MemorySegment from, Repack repack, LongFunction<Buffer> allocate) {
    long started = System.nanoTime();
    int experts = weight.shape().rank() == 3 ? Math.toIntExact(weight.size(0)) : 1;
    int rows = Math.toIntExact(weight.size(-2));
    int columns = Math.toIntExact(weight.size(-1));
    Buffer buffer = allocate.apply(experts * rows * repack.rowBytes(columns));
    MemorySegment into = buffer.host().orElseThrow();
    long rowBytes = weight.dtype().bytes(weight.stride(-2));
    for (int e = 0; e < experts; e++) {
      long at = start(weight, e * rows);
      long to = e * rows * repack.rowBytes(columns);
      eachRow(rows, (first, end) -> repack.rewrite(from, at, rowBytes, columns, into, to, first, end));
    }
    MemorySegment original = from.asSlice(weight.offset(), weight.bytes());
    if (original.isMapped() && original.isReadOnly()) {
      // The file's pages would count as resident beside the copy. A private writable mapping would lose what was written to it.
      original.unload();
    }
    Tensor tensor = Tensor.ofLayout(buffer, 0, weight.dtype(), weight.shape(), WeightLayout.STRIPS);
    return new Prepared(tensor, buffer.bytes(), System.nanoTime() - started, "blocks of Q4_0 set side by side, one to a vector lane");
  }

  /** Where row {@code r}, counted over all dimensions but the last, begins. */
  private static long start(Tensor weight, int r) {
    long at = 0;
    long rest = r;
    for (int i = weight.shape().rank() - 2; i >= 0; i--) {
      at += rest % weight.size(i) * weight.stride(i);
      rest /= weight.size(i);
    }
    return weight.offset() + weight.dtype().bytes(at);
  }

  private interface Rows {
    void run(int from, int to);
  }

  private void eachRow(int rows, Rows work) {
    workers.run(new Step[] {new Step() {
      @Override
      public int units() {
        return rows;
      }

      @Override
      public int chunk() {
        return 16;
      }

      @Override
      public void run(int from, int to, int worker) {
        work.run(from, to);
      }
    }}, NO_CLOCK);
  }
}
