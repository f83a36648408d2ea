package dev.gatun.cuda;

import dev.gatun.ffi.cuda.Stream;
import dev.gatun.spi.DeviceMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;

/** Tables that a program's kernels read, computed by the host while it is compiled; equal ones are kept once. */
final class Constants {
  private final LongFunction<DeviceMemory> allocate;
  private final Stream stream;
  private final Map<List<Double>, Long> known = new HashMap<>();

  /** Tables in memory from {@code allocate}, which stays its owner's, written through {@code stream}, which nothing else uses meanwhile. */
  Constants(LongFunction<DeviceMemory> allocate, Stream stream) {
    this.allocate = allocate;
    this.stream = stream;
  }

  /** The device address of a table of float64. */
  long address(double[] values) {
    return known.computeIfAbsent(Arrays.stream(values).boxed().toList(), key -> {
      long bytes = (long) values.length * Double.BYTES;
      DeviceMemory table = allocate.apply(bytes);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment staged = arena.allocateFrom(ValueLayout.JAVA_DOUBLE, values);
        Calls.run(() -> {
          stream.copy(staged.address(), table.address(), bytes);
          stream.synchronize();
        });
      }
      return table.address();
    });
  }
}
