package dev.gatun.cpu.library;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Function;

/** The library for this platform and what is told of it, as a jar of gatun-cpu-native carries them. */
final class LibraryResource {
  static final String FOLDER = "META-INF/gatun/cpu/";
  static final String FILE = "libgatun_cpu.so";

  private final Function<String, Optional<URL>> resources;
  private final String folder;
  private final Properties facts;

  private LibraryResource(Function<String, Optional<URL>> resources, String folder, Properties facts) {
    this.resources = resources;
    this.folder = folder;
    this.facts = facts;
  }

  /** The library on the class path or module path, wherever its jar is. */
  static LibraryResource find() throws NotLoaded {
    return find(LibraryResource::onPath, platform());
  }

  static LibraryResource find(Function<String, Optional<URL>> resources, String platform) throws NotLoaded {
    Optional<byte[]> reason = bytes(resources, FOLDER + "reason");
    if (reason.isPresent()) {
      throw new NotLoaded("gatun-cpu-native was built without C kernels: " + new String(reason.get(), StandardCharsets.UTF_8).strip());
    }
    String folder = FOLDER + platform + "/";
    byte[] text = bytes(resources, folder + "libgatun_cpu.properties").orElseThrow(() -> new NotLoaded("no C kernels for " + platform
        + " are on the class path; add dev.gatun:gatun-cpu-native, and on the module path --add-modules dev.gatun.cpu.kernels"));
    Properties facts = new Properties();
    try {
      facts.load(new InputStreamReader(new ByteArrayInputStream(text), StandardCharsets.UTF_8));
    } catch (IOException | IllegalArgumentException e) {
      throw new NotLoaded(folder + "libgatun_cpu.properties cannot be read: " + e.getMessage());
    }
    return new LibraryResource(resources, folder, facts);
  }

  /** What the library must hash to. */
  String sha256() {
    return facts.getProperty("sha256", "");
  }

  /** What made it, as {@code gcc 12.2.0}. */
  String compiler() {
    return facts.getProperty("compiler", "an unknown compiler");
  }

  /** The library itself. */
  byte[] bytes() throws NotLoaded {
    byte[] bytes = bytes(resources, folder + FILE)
        .orElseThrow(() -> new NotLoaded(folder + FILE + " is missing, though what is told of it is there; build gatun-cpu-native anew"));
    if (!LibraryFile.sha256(bytes).equals(sha256())) {
      throw new NotLoaded(folder + FILE + " is not the library that its properties tell of; build gatun-cpu-native anew");
    }
    return bytes;
  }

  private static Optional<URL> onPath(String name) {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    URL url = LibraryResource.class.getClassLoader().getResource(name);
    return Optional.ofNullable(url == null && context != null ? context.getResource(name) : url);
  }

  private static Optional<byte[]> bytes(Function<String, Optional<URL>> resources, String name) throws NotLoaded {
    Optional<URL> url = resources.apply(name);
    if (url.isEmpty()) {
      return Optional.empty();
    }
    try (InputStream in = url.get().openStream()) {
      return Optional.of(in.readAllBytes());
    } catch (IOException e) {
      throw new NotLoaded(url.get() + " cannot be read: " + e.getMessage());
    }
  }

  private static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT).replaceAll("\\s.*", "");
    String architecture = System.getProperty("os.arch");
    return os + "-" + (architecture.equals("amd64") ? "x86_64" : architecture);
  }
}
