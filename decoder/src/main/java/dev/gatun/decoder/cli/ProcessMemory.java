package dev.gatun.decoder.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Memory of this process that is in RAM, mapped files included.
 *
 * @param resident bytes now
 * @param peak the most bytes so far
 */
record ProcessMemory(long resident, long peak) {
  /** As Linux tells it in {@code /proc/self/status} (proc(5)); empty elsewhere. */
  static Optional<ProcessMemory> now() {
    try {
      List<String> lines = Files.readAllLines(Path.of("/proc/self/status"));
      Optional<Long> resident = field(lines, "VmRSS:");
      Optional<Long> peak = field(lines, "VmHWM:");
      return resident.isPresent() && peak.isPresent() ? Optional.of(new ProcessMemory(resident.get(), peak.get())) : Optional.empty();
    } catch (IOException | NumberFormatException _) {
      return Optional.empty();
    }
  }

  private static Optional<Long> field(List<String> lines, String name) {
    return lines.stream().filter(line -> line.startsWith(name)).findFirst()
        .map(line -> Long.parseLong(line.substring(name.length(), line.length() - " kB".length()).strip()) * 1024);
  }
}
