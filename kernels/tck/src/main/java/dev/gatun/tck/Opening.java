package dev.gatun.tck;

import dev.gatun.Backend;
import dev.gatun.BackendInfo;
import dev.gatun.BackendOptions;
import dev.gatun.DeviceProperties;
import dev.gatun.Gatun;
import dev.gatun.tck.lab.Lab;
import java.util.Optional;

/** Opens a backend to be examined, and asks what it is. */
final class Opening {
  private Opening() {}

  /** Opens it at the scale asked for, or at the one that its device calls for. */
  static Lab lab(String backend, BackendOptions options, Optional<Scale> asked) {
    return new Lab(backend, options, asked.orElseGet(() -> {
      try (Backend opened = Gatun.open(backend, options)) {
        return Validation.scaleFor(backend, opened.device());
      }
    }));
  }

  static Report.Subject subject(Lab lab) {
    String description = Gatun.backends().stream().filter(info -> info.name().equals(lab.name())).map(BackendInfo::description).findFirst().orElse("");
    DeviceProperties device = lab.backend().device();
    return new Report.Subject(lab.name(), description, lab.options().values(), device.name(), device.kind(), device.memoryBytes(), device.units(),
        device.hostMemory(), device.facts());
  }
}
