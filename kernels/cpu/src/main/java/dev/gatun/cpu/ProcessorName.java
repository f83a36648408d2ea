package dev.gatun.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The processor's model name, where the system tells it. */
final class ProcessorName {
  private ProcessorName() {}

  static String get() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines.filter(line -> line.startsWith("model name")).map(line -> line.substring(line.indexOf(':') + 1).strip()).findFirst()
          .orElseGet(ProcessorName::generic);
    } catch (IOException | RuntimeException e) {
      return generic();
    }
  }

  private static String generic() {
    String identifier = System.getenv("PROCESSOR_IDENTIFIER");
    return identifier != null ? identifier : System.getProperty("os.arch") + " processor";
  }
}
