package dev.gatun.cuda;

import dev.gatun.ffi.cuda.Context;
import dev.gatun.ffi.cuda.DeviceMemory;
import dev.gatun.ffi.cuda.Event;
import dev.gatun.ffi.cuda.Stream;
import java.util.Arrays;

/** Bytes per second that a device's memory moves: a large copy within it, each byte counted as read and as written. */
final class CopyBandwidth {
  private static final int RUNS = 15;
  private static final double MILLIS_PER_SECOND = 1000;

  private final long bytes;
  private double measured;

  /** Of a copy of {@code bytes} bytes, more than any cache holds. */
  CopyBandwidth(long bytes) {
    this.bytes = bytes;
  }

  /** The median of the runs, measured at the first call. */
  synchronized double measured(Context context) {
    if (measured == 0) {
      try (Stream stream = context.newStream(); DeviceMemory from = context.allocate(bytes); DeviceMemory to = context.allocate(bytes);
          Event before = context.newEvent(true); Event after = context.newEvent(true)) {
        double[] rates = new double[RUNS];
        stream.memset8(from.address(), (byte) 0, bytes);
        for (int r = 0; r < RUNS; r++) {
          stream.record(before);
          stream.copy(from.address(), to.address(), bytes);
          stream.record(after);
          stream.synchronize();
          rates[r] = 2 * bytes / (after.millisecondsSince(before) / MILLIS_PER_SECOND);
        }
        Arrays.sort(rates);
        measured = rates[RUNS / 2];
      }
    }
    return measured;
  }
}
