package dev.gatun.bench.operator;

import dev.gatun.Backend;
import dev.gatun.ffi.cuda.Nvml;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Clocks, power and temperature of a device, where NVML tells them. */
final class Sensors {
  private final Optional<Nvml.Unit> unit;

  private Sensors(Optional<Nvml.Unit> unit) {
    this.unit = unit;
  }

  static Sensors of(Backend backend) {
    String uuid = backend.device().facts().getOrDefault("uuid", "");
    return new Sensors(backend.name().equals("cuda") ? Nvml.find().flatMap(nvml -> nvml.unit(uuid)) : Optional.empty());
  }

  /** The release of the driver, where there are sensors. */
  Optional<String> driver() {
    return unit.flatMap(_ -> Nvml.find()).map(Nvml::driverVersion);
  }

  /** What the device tells now, by name and unit: {@code smMegahertz}, {@code memoryMegahertz}, {@code watts}, {@code celsius}. */
  Map<String, Double> now() {
    Map<String, Double> values = new LinkedHashMap<>();
    unit.ifPresent(device -> {
      device.multiprocessorMegahertz().ifPresent(value -> values.put("smMegahertz", (double) value));
      device.memoryMegahertz().ifPresent(value -> values.put("memoryMegahertz", (double) value));
      device.watts().ifPresent(value -> values.put("watts", value));
      device.celsius().ifPresent(value -> values.put("celsius", (double) value));
    });
    return values;
  }
}
