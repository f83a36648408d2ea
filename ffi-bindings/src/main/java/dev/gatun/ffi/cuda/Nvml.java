package dev.gatun.ffi.cuda;

import java.util.Optional;

/** The NVIDIA Management Library, when it is there. */
public final class Nvml {
  private Nvml() {}

  /** The library, if this machine has it. */
  public static Optional<Nvml> find() {
    return Optional.empty();
  }

  /** The driver's release, as {@code 580.65.06}. */
  public String driverVersion() {
    return "";
  }
}
