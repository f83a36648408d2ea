package dev.gatun.cpu;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * How many threads to work with. Two threads of one core share its vector units and its way to memory, so one is as fast and waits for nobody; on Linux the
 * kernel tells which processors are of one core ({@code Documentation/admin-guide/cputopology.rst}).
 */
final class Cores {
  static final Path LINUX = Path.of("/sys/devices/system/cpu");

  private Cores() {}

  /**
   * As many threads as there are cores, and no more than the process may use, which quotas of containers and affinity limit.
   *
   * @param processors the folder of the processors, as {@link #LINUX}; all are taken for cores of their own where it says nothing
   * @param available processors that the process may use
   */
  static int threads(Path processors, int available) {
    Set<String> cores = new HashSet<>();
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(processors, "cpu[0-9]*")) {
      for (Path folder : folders) {
        Path siblings = folder.resolve("topology/thread_siblings_list");
        // Processors that are offline have no topology.
        if (Files.isReadable(siblings)) {
          cores.add(Files.readString(siblings).strip());
        }
      }
    } catch (IOException | SecurityException e) {
      return available;
    }
    return cores.isEmpty() ? available : Math.min(cores.size(), available);
  }
}
