package dev.gatun.decoder.tokenizer;

import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Files;
import java.nio.file.Path;

/** Test data that travels outside the project: {@code -Dgatun.testdata=} or a folder {@code shared} beside an ancestor. */
public final class SharedData {
  private SharedData() {}

  /** A file of the shared data; where there is none the calling test is skipped. */
  public static Path file(String name) {
    String given = System.getProperty("gatun.testdata");
    if (given != null) {
      Path file = Path.of(given, name);
      return Files.exists(file) ? file : abort("no " + file);
    }
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path file = at.resolve("shared").resolve(name);
      if (Files.exists(file)) {
        return file;
      }
    }
    return abort("no shared test data: " + name);
  }
}
