package dev.gatun.decoder.gguf;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The test data that travels apart from the project; tests that need it are skipped where it is absent. */
final class SharedModels {
  private SharedModels() {}

  static Path folder(String name) {
    Path folder = root().resolve(name);
    assumeTrue(Files.isDirectory(folder), "no test data: name its folder with -Dgatun.testdata");
    return folder;
  }

  static List<Path> files(String folder) throws IOException {
    try (Stream<Path> files = Files.list(folder(folder))) {
      return files.filter(file -> file.toString().endsWith(".gguf")).sorted().toList();
    }
  }

  static boolean present() {
    return Files.isDirectory(root().resolve("models"));
  }

  private static Path root() {
    String named = System.getProperty("gatun.testdata");
    if (named != null) {
      return Path.of(named);
    }
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.isDirectory(at.resolve("shared").resolve("models"))) {
        return at.resolve("shared");
      }
    }
    return Path.of("shared");
  }
}
