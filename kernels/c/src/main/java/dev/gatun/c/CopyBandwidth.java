package dev.gatun.c;

import dev.gatun.spi.DeviceMemory;
import dev.gatun.spi.DeviceStream;
import java.util.function.LongFunction;
import java.util.function.Supplier;

/** Bytes per second of copies within a device's memory, read and written together, for libraries that do not tell a bandwidth. */
final class CopyBandwidth {
  private static final long BYTES = 64L << 20;
  private static final int RUNS = 5;
  private static final double NANOS = 1e9;

  private CopyBandwidth() {}

  static double measure(LongFunction<DeviceMemory> allocate, Supplier<DeviceStream> streams) {
    DeviceMemory from = allocate.apply(BYTES);
    try {
      DeviceMemory to = allocate.apply(BYTES);
      try (DeviceStream stream = streams.get()) {
        long best = Long.MAX_VALUE;
        for (int r = 0; r < RUNS; r++) {
          long started = System.nanoTime();
          stream.copy(from, 0, to, 0, BYTES);
          stream.synchronize();
          best = Math.min(best, System.nanoTime() - started);
        }
        return 2 * BYTES * NANOS / Math.max(1, best);
      } finally {
        to.free();
      }
    } finally {
      from.free();
    }
  }
}
