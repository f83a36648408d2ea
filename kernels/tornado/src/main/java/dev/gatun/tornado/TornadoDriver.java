package dev.gatun.tornado;

import dev.gatun.Buffer;
import dev.gatun.Case;
import dev.gatun.DeviceProperties;
import dev.gatun.KvCache;
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
import dev.gatun.tornado.op.Operators;
import dev.gatun.tornado.op.Traits;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;

/** An open device of TornadoVM's. */
final class TornadoDriver implements BackendDriver {
  private static final int CPU_LOCAL = 16;
  private static final int GPU_LOCAL = 128;
  private static final long FIRST_COPIED = 128L << 10;
  private static final long COPIED = 16L << 20;
  private static final long LONG_NANOS = 4_000_000;
  private static final int RUNS = 5;
  private static final double NANOS = 1e9;

  private final Machine machine;
  private final DeviceProperties properties;
  private final Compiler compiler;
  private final WeightUpload weights;
  private double bandwidth;

  TornadoDriver(TornadoDevice device, String number, String version, Optional<Boolean> asProcessor, long localMemory) {
    this.machine = new Machine(device);
    Traits traits = traits(device, asProcessor, localMemory);
    this.properties = properties(device, number, version, traits);
    this.compiler = new Compiler(machine, traits);
    this.weights = new WeightUpload(machine, compiler);
  }

  private static Traits traits(TornadoDevice device, Optional<Boolean> asProcessor, long localMemory) {
    boolean cpu = asProcessor.orElse(device.getDeviceType() == TornadoDeviceType.CPU);
    long most = Math.min(Machine.mostItems(device), Traits.MOST_LOCAL);
    int local = (int) Math.min(Long.highestOneBit(most), cpu ? CPU_LOCAL : GPU_LOCAL);
    return new Traits(Math.max(1, device.getPhysicalDevice().getDeviceMaxComputeUnits()), local, Math.min(device.getDeviceLocalMemorySize(), localMemory), cpu);
  }

  private static DeviceProperties properties(TornadoDevice device, String number, String version, Traits traits) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("number", number);
    facts.put("devices", Installation.devices());
    facts.put("tornadovm", version);
    facts.put("interface", device.getTornadoVMBackend().name());
    facts.put("platform", device.getPlatformName());
    facts.put("work-group", traits.local() + " items");
    return new DeviceProperties(device.getPhysicalDevice().getDeviceName().strip(), traits.cpu() ? "cpu" : "gpu", device.getMaxGlobalMemory(), traits.units(),
        Slabs.ALIGNMENT, false, facts);
  }

  @Override
  public DeviceProperties properties() {
    return properties;
  }

  /**
   * By copies within the device's memory, read and written together: of more and more bytes, so that a slow device is not kept with the many
   * that a fast one needs.
   */
  @Override
  public synchronized double bandwidth() {
    for (long bytes = FIRST_COPIED; bandwidth == 0; bytes *= 4) {
      long nanos = copying(Math.min(bytes, COPIED));
      if (bytes >= COPIED || nanos > LONG_NANOS) {
        bandwidth = 2 * Math.min(bytes, COPIED) * NANOS / Math.max(1, nanos);
      }
    }
    return bandwidth;
  }

  /** The shortest time of a few copies. */
  private long copying(long bytes) {
    TornadoMemory from = machine.allocate(bytes);
    TornadoMemory to = machine.allocate(bytes);
    try {
      long best = Long.MAX_VALUE;
      for (int r = 0; r < RUNS; r++) {
        long started = System.nanoTime();
        machine.copy(from, 0, to, 0, bytes);
        best = Math.min(best, System.nanoTime() - started);
      }
      return best;
    } finally {
      from.free();
      to.free();
    }
  }

  @Override
  public DeviceMemory allocate(long bytes) {
    return machine.allocate(bytes);
  }

  @Override
  public Decision plan(Case wanted) {
    return compiler.plan(wanted.operator());
  }

  @Override
  public Prepared prepare(Tensor weight, Use use, LongFunction<Buffer> allocate) {
    return weights.prepare(weight, use, allocate);
  }

  @Override
  public DeviceStream newStream() {
    return new TornadoStream(machine);
  }

  @Override
  public DeviceCache newCache(KvCache.Spec spec) {
    Operators.cacheRefusal(spec).ifPresent(unserved -> {
      throw new ShapeException("tornado: " + unserved.reason());
    });
    return new TornadoCache(spec, machine);
  }

  @Override
  public DeviceExecutable compile(Program program) {
    return compiler.compile(program);
  }

  @Override
  public void close() {
    machine.close();
  }
}
