package dev.gatun.tck.example;

import dev.gatun.Buffer;
import dev.gatun.Case;
import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.DeviceProperties;
import dev.gatun.GatunException;
import dev.gatun.KvCache;
import dev.gatun.Operator;
import dev.gatun.Prepared;
import dev.gatun.Program;
import dev.gatun.ShapeException;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.spi.BackendDriver;
import dev.gatun.spi.Decision;
import dev.gatun.spi.DeviceCache;
import dev.gatun.spi.DeviceExecutable;
import dev.gatun.spi.DeviceMemory;
import dev.gatun.spi.DeviceStream;
import dev.gatun.spi.Unsupported;
import java.util.Map;
import java.util.function.LongFunction;

/** The open device. It has no state but how much of its memory is used, so threads share it freely. */
final class ExampleDriver implements BackendDriver {
  private static final long MEASURED_BYTES = 8L << 20;
  private static final double NANOS_PER_SECOND = 1e9;

  private final Settings settings;
  private final ExampleMemory.Pool pool;
  private double bandwidth;

  ExampleDriver(Settings settings) {
    this.settings = settings;
    this.pool = new ExampleMemory.Pool(settings.memory(), settings.defect());
  }

  @Override
  public DeviceProperties properties() {
    return new DeviceProperties("example device", "example", pool.size(), 1, ExampleMemory.ALIGNMENT, false,
        Map.of("defect", settings.defect().label(), "fuse", settings.fuse() ? "on" : "off"));
  }

  @Override
  public synchronized double bandwidth() {
    if (bandwidth == 0) {
      ExampleMemory memory = pool.allocate(MEASURED_BYTES);
      Values values = Values.vector(memory.segment(), memory.start(), DType.F32, MEASURED_BYTES / Float.BYTES);
      float sum = 0;
      long started = System.nanoTime();
      for (long i = 0; i < MEASURED_BYTES / Float.BYTES; i++) {
        sum += values.get(i);
      }
      bandwidth = MEASURED_BYTES * NANOS_PER_SECOND / Math.max(1, System.nanoTime() - started) + 0 * sum;
      memory.free();
    }
    return bandwidth;
  }

  @Override
  public DeviceMemory allocate(long bytes) {
    return pool.allocate(bytes);
  }

  @Override
  public Decision plan(Case wanted) {
    return Decisions.of(wanted.operator(), settings.defect());
  }

  /** A weight that lies on the device is used there; others are copied as they lie, without gaps. Vectors become F32. */
  @Override
  public Prepared prepare(Tensor weight, Use use, LongFunction<Buffer> allocate) {
    if (settings.narrow() && weight.dtype() != DType.F32 && weight.dtype() != DType.F16) {
      throw new ShapeException("example: narrow: weights are F32 or F16, not " + weight.dtype().label());
    }
    DType dtype = use == Use.VECTOR ? DType.F32 : weight.dtype();
    if (weight.buffer().backend().isPresent() && dtype == weight.dtype()) {
      return new Prepared(weight, 0, 0, "used in place");
    }
    long started = System.nanoTime();
    Buffer buffer = allocate.apply(dtype.bytes(weight.shape().elements()));
    try {
      Tensor ready = Tensor.of(buffer, 0, dtype, weight.shape());
      move(weight, ready);
      return new Prepared(ready, buffer.bytes(), System.nanoTime() - started,
          dtype == weight.dtype() ? "copied to the device as it lies" : "expanded to F32 on the device");
    } catch (RuntimeException | Error e) {
      buffer.close();
      throw e;
    }
  }

  /** Runs on the calling thread, which may read the host's memory whoever it belongs to. */
  private void move(Tensor from, Tensor to) {
    ExampleMemory workspace = pool.allocate(0);
    try {
      Binding at = new Binding(workspace, 0, Map.of(), settings.defect());
      if (from.dtype() == to.dtype()) {
        Values source = at.values(from);
        Values target = at.values(to);
        for (long r = 0; r < from.shape().rows(); r++) {
          target.move(target.row(r), source, source.row(r), source.length());
        }
        return;
      }
      Operator operator = from.dtype().isBlock() ? new Dequantize(from, to) : new Copy(from, to);
      if (Decisions.of(operator, settings.defect()) instanceof Unsupported unsupported) {
        throw new GatunException("example: prepare: " + unsupported.reason());
      }
      Kernels.bind(operator, at).run();
    } finally {
      workspace.free();
    }
  }

  @Override
  public DeviceStream newStream() {
    return new ExampleStream(settings.defect());
  }

  @Override
  public DeviceCache newCache(KvCache.Spec spec) {
    if (settings.narrow() && (spec.dtype() != DType.F16 || spec.pageTokens() != 16)) {
      throw new ShapeException("example: narrow: caches keep F16 in pages of 16, not " + spec.dtype().label() + " in pages of " + spec.pageTokens());
    }
    return new ExampleCache(spec, pool, settings.defect());
  }

  @Override
  public DeviceExecutable compile(Program program) {
    return new ExampleCompiler(settings, pool).compile(program);
  }

  @Override
  public void close() {}
}
