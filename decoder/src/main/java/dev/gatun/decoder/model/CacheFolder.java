package dev.gatun.decoder.model;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;

/** Where files that can be made again are kept. */
final class CacheFolder {
  /** The system property that names another folder. */
  static final String PROPERTY = "gatun.cache";

  private CacheFolder() {}

  static Path ofThisUser() {
    return of(System.getProperties(), System.getenv());
  }

  /**
   * The property where set; else {@code gatun} in {@code ~/Library/Caches} on macOS, in {@code %LOCALAPPDATA%} on Windows, elsewhere in
   * {@code $XDG_CACHE_HOME} (when it is absolute, as the XDG base directory specification asks) or {@code ~/.cache}.
   */
  static Path of(Properties properties, Map<String, String> environment) {
    String wanted = properties.getProperty(PROPERTY, "");
    if (!wanted.isBlank()) {
      return Path.of(wanted);
    }
    Path home = Path.of(properties.getProperty("user.home", "."));
    String os = properties.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    if (os.startsWith("mac")) {
      return home.resolve("Library").resolve("Caches").resolve("gatun");
    }
    if (os.startsWith("windows")) {
      String local = environment.getOrDefault("LOCALAPPDATA", "");
      return (local.isBlank() ? home.resolve("AppData").resolve("Local") : Path.of(local)).resolve("gatun");
    }
    String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
    boolean usable = !xdg.isBlank() && Path.of(xdg).isAbsolute();
    return (usable ? Path.of(xdg) : home.resolve(".cache")).resolve("gatun");
  }
}
