package dev.gatun.c;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** Shared libraries compiled from {@code src/test/c} with this machine's C compiler, each once. */
public final class Native {
  static final Path HEADERS = Path.of("src", "main", "resources", "META-INF", "gatun", "c");

  private static final Path SOURCES = Path.of("src", "test", "c");
  private static final Path OUTPUT = Path.of("target", "native-test");
  private static final int MINUTES = 5;
  private static final Optional<String> COMPILER = Stream.of(Optional.ofNullable(System.getenv("CC")).orElse("cc"), "gcc", "clang")
      .filter(Native::isHere).findFirst();
  private static final Map<String, Path> BUILT = new ConcurrentHashMap<>();

  private Native() {}

  private static boolean isHere(String compiler) {
    try {
      return run(List.of(compiler, "--version")).isEmpty();
    } catch (UncheckedIOException e) {
      return false;
    }
  }

  /** Makes the example the library of the backend named {@code example}; skips the test where there is no compiler. */
  public static void useExample() {
    System.setProperty("gatun.example.library", library("example").toString());
  }

  /** The library of a file or folder of sources, compiled with further flags; skips the test where there is no compiler. */
  static Path library(String source, String... flags) {
    return BUILT.computeIfAbsent(source + String.join("", flags), name -> build(source, "lib" + name.replaceAll("[^a-zA-Z0-9_]", "")
        + ".so", List.of(flags)));
  }

  private static Path build(String source, String file, List<String> flags) {
    Path library = OUTPUT.resolve(file).toAbsolutePath();
    List<String> command = new ArrayList<>(List.of("-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-pthread", "-o", library.toString()));
    command.addAll(flags);
    try {
      Files.createDirectories(OUTPUT);
      Path folder = SOURCES.resolve(source);
      if (Files.isDirectory(folder)) {
        try (Stream<Path> files = Files.list(folder)) {
          files.map(Path::toString).filter(name -> name.endsWith(".c")).sorted().forEach(command::add);
        }
      } else {
        command.add(SOURCES.resolve(source + ".c").toString());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    command.add("-lm");
    compile(command);
    return library;
  }

  /** Runs the compiler in the header's language, warnings being errors. */
  static void compile(List<String> arguments) {
    Assumptions.assumeTrue(COMPILER.isPresent(),
        "no C compiler: neither CC, cc, gcc nor clang is here, so that nothing can be said of backends in C");
    List<String> command = new ArrayList<>(List.of(COMPILER.get(), "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"
        + HEADERS));
    command.addAll(arguments);
    Optional<String> failure = run(command);
    if (failure.isPresent()) {
      throw new AssertionError(String.join(" ", command) + " failed:\n" + failure.get());
    }
  }

  /** What a command that failed printed; empty if it did not fail. */
  private static Optional<String> run(List<String> command) {
    try {
      Path output = Files.createTempFile("compiler", ".txt");
      Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
      try {
        boolean ended = process.waitFor(MINUTES, TimeUnit.MINUTES);
        return ended && process.exitValue() == 0 ? Optional.empty() : Optional.of(Files.readString(output));
      } finally {
        process.destroyForcibly();
        Files.delete(output);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
