package dev.gatun.cpu;

import dev.gatun.Buffer;
import dev.gatun.Case;
import dev.gatun.DeviceProperties;
import dev.gatun.KvCache;
import dev.gatun.Prepared;
import dev.gatun.Program;
import dev.gatun.ShapeException;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.cpu.library.NativeKernels;
import dev.gatun.cpu.op.Lanes;
import dev.gatun.spi.BackendDriver;
import dev.gatun.spi.Decision;
import dev.gatun.spi.DeviceCache;
import dev.gatun.spi.DeviceExecutable;
import dev.gatun.spi.DeviceMemory;
import dev.gatun.spi.DeviceStream;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;

/** The processor as a device: host memory, one pool of workers. */
final class CpuDriver implements BackendDriver {
  private final Lanes lanes;
  private final Workers workers;
  private final Compiler compiler;
  private final WeightPreparation preparation;
  private final DeviceProperties properties;
  private double bandwidth;

  CpuDriver(WeightLayout layout, int threads, boolean fuse, Optional<Slowdown> slowdown) {
    this.lanes = layout.lanes();
    this.workers = new Workers(threads);
    this.compiler = new Compiler(layout, threads, fuse, slowdown);
    this.preparation = new WeightPreparation(workers, layout);
    this.properties = facts(layout.natives(), layout.rounding(), slowdown);
  }

  @Override
  public DeviceProperties properties() {
    return properties;
  }

  private DeviceProperties facts(NativeKernels natives, boolean rounding, Optional<Slowdown> slowdown) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("threads", String.valueOf(workers.count()));
    facts.put("lanes", lanes == Lanes.VECTOR ? "Vector API, " + VectorWidth.bits() + " bits" : "scalar");
    facts.put("native", natives.toString());
    facts.put("rounding", rounding ? "of activations to 16 bits beside weights of 16" : "none");
    facts.put("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.version"));
    facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    slowdown.ifPresent(asked -> facts.put("slowed", asked.toString()));
    long memory = ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize() : 0;
    return new DeviceProperties(ProcessorName.get(), "cpu", memory, Runtime.getRuntime().availableProcessors(), CpuMemory.ALIGNMENT, true, facts);
  }

  @Override
  public synchronized double bandwidth() {
    if (bandwidth == 0) {
      bandwidth = ReadBandwidth.measure(workers, lanes);
    }
    return bandwidth;
  }

  @Override
  public DeviceMemory allocate(long bytes) {
    return new CpuMemory(bytes);
  }

  @Override
  public Decision plan(Case wanted) {
    return compiler.plan(wanted.operator());
  }

  @Override
  public Prepared prepare(Tensor weight, Use use, LongFunction<Buffer> allocate) {
    return preparation.prepare(weight, use, allocate);
  }

  @Override
  public DeviceStream newStream() {
    return new CpuStream(workers);
  }

  @Override
  public DeviceCache newCache(KvCache.Spec spec) {
    if (!CpuCache.TYPES.contains(spec.dtype())) {
      throw new ShapeException("cpu: a cache keeps F32, F16, BF16, F8_E4M3, F8_E5M2 or Q8_0, not " + spec.dtype());
    }
    return new CpuCache(spec);
  }

  @Override
  public DeviceExecutable compile(Program program) {
    return compiler.compile(program);
  }

  @Override
  public void close() {
    workers.close();
  }
}
