package dev.gatun.cuda;

import dev.gatun.GatunException;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Optional;

/** Where the emulator's library is: named by {@code -Dgatun.cuda.emulator}, in a folder of the class path, or unpacked from its jar. */
final class EmulatorLibrary {
  /** Names the library; for the forms built with sanitizers. */
  static final String PROPERTY = "gatun.cuda.emulator";

  private static Optional<Path> unpacked = Optional.empty();

  private EmulatorLibrary() {}

  /** Looks whether there is one, without unpacking it. @throws GatunException with the reason if not */
  static void check() {
    if (named().isEmpty()) {
      KernelImages.resource(name()).orElseThrow(EmulatorLibrary::absent);
    }
  }

  /** The library's file. @throws GatunException with the reason if there is none */
  static synchronized Path path() {
    Optional<Path> named = named();
    if (named.isPresent()) {
      return named.get();
    }
    if (unpacked.isEmpty()) {
      unpacked = Optional.of(find(name()));
    }
    return unpacked.get();
  }

  private static Optional<Path> named() {
    Optional<Path> file = Optional.ofNullable(System.getProperty(PROPERTY)).filter(name -> !name.isBlank()).map(Path::of);
    if (file.isPresent() && !Files.isRegularFile(file.get())) {
      throw new GatunException("-D" + PROPERTY + " names " + file.get() + ", which is no file");
    }
    return file;
  }

  private static String name() {
    return KernelImages.EMULATOR + platform() + "/libgatun_emulator.so";
  }

  private static Path find(String name) {
    URL url = KernelImages.resource(name).orElseThrow(EmulatorLibrary::absent);
    try {
      if (url.getProtocol().equals("file")) {
        return Path.of(new URI(url.toString()));
      }
      byte[] bytes = KernelImages.bytes(name).orElseThrow();
      Path folder = Files.createDirectories(cache().resolve("emulator-" + KernelImages.sha256(bytes)));
      Path library = folder.resolve("libgatun_emulator.so");
      if (!Files.isRegularFile(library) || !KernelImages.sha256(Files.readAllBytes(library)).equals(KernelImages.sha256(bytes))) {
        Path part = Files.createTempFile(folder, "library", ".part");
        Files.write(part, bytes);
        Files.move(part, library, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      }
      return library;
    } catch (IOException e) {
      throw new GatunException("the emulator's library could not be unpacked to " + cache() + " (" + e + "); name another folder by -Dgatun.cache", e);
    } catch (URISyntaxException e) {
      throw new GatunException("the emulator's library has no usable place: " + url, e);
    }
  }

  private static Path cache() {
    String home = System.getProperty("gatun.cache");
    return home != null ? Path.of(home) : Path.of(System.getProperty("user.home"), ".cache", "gatun");
  }

  /** Why there is no emulator. */
  static GatunException absent() {
    return new GatunException(KernelImages.reason(KernelImages.EMULATOR).orElse("the emulator for " + platform()
        + " is not on the class path; add dev.gatun:gatun-cuda-emulator, which is built for Linux by g++, and on the module path "
        + "--add-modules dev.gatun.cuda.emulator"));
  }

  private static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT).replaceAll("\\s.*", "");
    String arch = System.getProperty("os.arch").equals("amd64") ? "x86_64" : System.getProperty("os.arch");
    return os + "-" + arch;
  }
}
