package dev.gatun.cpu.library;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Properties;

/** The library as a file of this user's, unpacked once for each of its hashes. */
final class LibraryFile {
  private LibraryFile() {}

  /**
   * The file of a library in the user's cache, checked; unpacked first if it is not there or is not what it must be. Where the cache cannot
   * be written it is a temporary file of this process.
   */
  static Path of(LibraryResource library, Path cache) throws NotLoaded {
    Path file = cache.resolve("cpu").resolve(library.sha256()).resolve(LibraryResource.FILE);
    if (isIntact(file, library.sha256())) {
      return file;
    }
    byte[] bytes = library.bytes();
    try {
      Files.createDirectories(file.getParent());
      Path part = Files.createTempFile(file.getParent(), "library", ".part");
      try {
        Files.write(part, bytes);
        // Whoever has the old file loaded keeps it, and of two processes that unpack at once the later one's is as good.
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(part);
      }
      return file;
    } catch (IOException e) {
      return temporary(bytes, cache, e);
    }
  }

  private static Path temporary(byte[] bytes, Path cache, IOException why) throws NotLoaded {
    try {
      Path folder = Files.createTempDirectory("gatun-cpu-");
      folder.toFile().deleteOnExit();
      Path file = folder.resolve(LibraryResource.FILE);
      file.toFile().deleteOnExit();
      return Files.write(file, bytes);
    } catch (IOException e) {
      throw new NotLoaded("the C kernels can be unpacked neither below " + cache + " (" + why + ") nor to a temporary folder (" + e
          + "); name a folder by -Dgatun.cache=FOLDER");
    }
  }

  private static boolean isIntact(Path file, String sha256) {
    try {
      return Files.isRegularFile(file) && sha256(Files.readAllBytes(file)).equals(sha256);
    } catch (IOException e) {
      return false;
    }
  }

  /** For what can be made again: the folder of the property {@code gatun.cache}, or gatun in {@code $XDG_CACHE_HOME} or {@code ~/.cache}. */
  static Path cache(Properties properties, Map<String, String> environment) {
    String wanted = properties.getProperty("gatun.cache", "");
    if (!wanted.isBlank()) {
      return Path.of(wanted).toAbsolutePath();
    }
    String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
    if (!xdg.isBlank() && Path.of(xdg).isAbsolute()) {
      return Path.of(xdg).resolve("gatun");
    }
    String home = properties.getProperty("user.home", "");
    boolean homeless = home.isBlank() || home.equals("?");
    return homeless ? Path.of(properties.getProperty("java.io.tmpdir", "/tmp"), "gatun-cache") : Path.of(home, ".cache", "gatun");
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
