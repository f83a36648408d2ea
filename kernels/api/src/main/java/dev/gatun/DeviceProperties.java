package dev.gatun;

import java.util.Map;

/**
 * Facts about a device.
 *
 * @param name the device's own name
 * @param kind {@code cpu}, {@code gpu} or the vendor's word for it
 * @param memoryBytes memory there is
 * @param units compute units: cores, multiprocessors
 * @param alignment bytes that allocations are aligned to
 * @param hostMemory whether operators read and write host memory directly
 * @param facts whatever else is worth showing: driver, instruction sets, vector width, threads
 */
public record DeviceProperties(String name, String kind, long memoryBytes, int units, int alignment, boolean hostMemory,
    Map<String, String> facts) {
  /** Copies the map in its order. */
  public DeviceProperties {
    facts = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(facts));
  }
}
