package dev.gatun.ffi.cuda;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;

/**
 * The emulator's library and images, named by {@code -Dgatun.cuda.emulator} and beside it, or from the emulator's module on the class path.
 * Where that was not built it gives the reason, and the tests are skipped with it; any other absence is an error.
 */
final class Emulator {
  private static final String PROPERTY = "gatun.cuda.emulator";
  private static final String FOLDER = "META-INF/gatun/cuda-emulator/";

  private static Cuda cuda;

  private Emulator() {}

  static synchronized Cuda cuda() {
    if (cuda == null) {
      cuda = Cuda.load(library());
    }
    return cuda;
  }

  static Path library() {
    String named = System.getProperty(PROPERTY, "");
    if (!named.isEmpty()) {
      return Path.of(named);
    }
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT).replaceAll("\\s.*", "");
    String arch = System.getProperty("os.arch").equals("amd64") ? "x86_64" : System.getProperty("os.arch");
    URL reason = resource("reason");
    if (reason != null) {
      abort("the emulator was not built: " + text(reason).strip());
    }
    URL library = resource(os + "-" + arch + "/libgatun_emulator.so");
    if (library == null) {
      throw new IllegalStateException("the emulator's module holds neither a library for " + os + "-" + arch + " nor a reason for that");
    }
    return file(library);
  }

  /** The module image of a unit of kernels. */
  static MemorySegment image(String unit) {
    return MemorySegment.ofArray(("gatun-emulated " + unit + "\n").getBytes(java.nio.charset.StandardCharsets.US_ASCII));
  }

  private static URL resource(String name) {
    return Emulator.class.getClassLoader().getResource(FOLDER + name);
  }

  private static String text(URL url) {
    try (var bytes = url.openStream()) {
      return new String(bytes.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path file(URL url) {
    try {
      if (url.getProtocol().equals("file")) {
        return Path.of(URI.create(url.toString()));
      }
      Path copy = Files.createTempFile("libgatun_emulator", ".so");
      copy.toFile().deleteOnExit();
      try (var bytes = url.openStream()) {
        Files.copy(bytes, copy, StandardCopyOption.REPLACE_EXISTING);
      }
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
