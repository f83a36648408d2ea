package dev.gatun.bench.memory;

import dev.gatun.bench.call.DriverLibrary;
import dev.gatun.ffi.cuda.Context;
import dev.gatun.ffi.cuda.DeviceMemory;
import dev.gatun.ffi.cuda.HostMemory;
import dev.gatun.ffi.cuda.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Copies between the host and a device, each waited for: copies per second, and beside them gigabytes (10⁹ bytes) per second. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class TransferBenchmark {
  /** Gigabytes copied; JMH divides them by the time. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Moved {
    /** So far in this iteration. */
    public double gigabytes;

    /** Forgets those of the iteration before. */
    @Setup(Level.Iteration)
    public void clear() {
      gigabytes = 0;
    }
  }

  /** Whether the driver may copy from and to the host's memory where it lies. */
  public enum Host {
    /** Page-locked. */
    PINNED,
    /** As the system gives it. */
    PAGEABLE
  }

  /** The driver's library: {@link DriverLibrary#SYSTEM} or {@link DriverLibrary#EMULATOR}. */
  @Param(DriverLibrary.SYSTEM)
  public String driver = DriverLibrary.SYSTEM;

  /** The host's memory. */
  @Param({"PINNED", "PAGEABLE"})
  public Host host = Host.PINNED;

  /** Bytes of a copy, a multiple of 8. */
  @Param({"65536", "1048576", "67108864"})
  public long bytes = 65536;

  private Context context;
  private Stream stream;
  private DeviceMemory device;
  private HostMemory pinned;
  private Arena arena;
  private MemorySegment memory;

  /** Makes the memory, and looks at what comes back from the device. */
  @Setup
  public void open() {
    context = DriverLibrary.open(driver).device(0).primaryContext();
    stream = context.newStream();
    device = context.allocate(bytes);
    arena = Arena.ofShared();
    if (host == Host.PINNED) {
      pinned = context.allocateHost(bytes, HostMemory.Kind.PINNED);
      memory = pinned.segment();
    } else {
      memory = arena.allocate(bytes, Long.BYTES);
    }
    for (long i = 0; i < bytes / Long.BYTES; i++) {
      memory.setAtIndex(ValueLayout.JAVA_LONG, i, pattern(i));
    }
    stream.copyToDevice(memory, device, 0);
    stream.synchronize();
    memory.fill((byte) 0);
    stream.copyToHost(device, 0, memory);
    stream.synchronize();
    for (long i = 0; i < bytes / Long.BYTES; i++) {
      if (memory.getAtIndex(ValueLayout.JAVA_LONG, i) != pattern(i)) {
        throw new IllegalStateException("byte " + Long.BYTES * i + " did not come back from the device; the time of a copy would mean nothing");
      }
    }
  }

  private static long pattern(long i) {
    return (i + 1) * 0x9e3779b97f4a7c15L;
  }

  /** Frees the memory. */
  @TearDown
  public void close() {
    stream.synchronize();
    if (pinned != null) {
      pinned.close();
    }
    arena.close();
    device.close();
    stream.close();
    context.close();
  }

  /** From the host to the device. */
  @Benchmark
  public void hostToDevice(Moved moved) {
    stream.copyToDevice(memory, device, 0);
    stream.synchronize();
    moved.gigabytes += bytes / 1e9;
  }

  /** From the device to the host. */
  @Benchmark
  public void deviceToHost(Moved moved) {
    stream.copyToHost(device, 0, memory);
    stream.synchronize();
    moved.gigabytes += bytes / 1e9;
  }
}
