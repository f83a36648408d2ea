package dev.gatun.cuda;

import dev.gatun.DeviceException;
import dev.gatun.ffi.cuda.CudaException;
import java.util.function.Supplier;

/** The border to the driver: its failures become those of the API. */
final class Calls {
  private Calls() {}

  static <T> T get(Supplier<T> call) {
    try {
      return call.get();
    } catch (CudaException e) {
      throw translated("", e);
    }
  }

  static void run(Runnable call) {
    run("", call);
  }

  /** As {@link #run(Runnable)}; {@code where} goes before the message. */
  static void run(String where, Runnable call) {
    try {
      call.run();
    } catch (CudaException e) {
      throw translated(where, e);
    }
  }

  /** A failure in the words of the API; for calls that may not allocate, which a lambda may. */
  static DeviceException translated(String where, CudaException e) {
    DeviceException translated = new DeviceException("cuda: " + where + e.getMessage(), e.errorName(), e.isSticky());
    translated.initCause(e);
    return translated;
  }
}
