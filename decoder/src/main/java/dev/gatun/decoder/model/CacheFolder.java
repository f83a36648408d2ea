package dev.gatun.decoder.model;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;

/** Where files that can be made again are kept. */
final class CacheFolder {
  /** The system property that names another folder. */
  static final String PROPERTY = "gatun.cache";

  /** What to do where the folder does not serve. */
  static final String ADVICE = "to keep it elsewhere set GATUN_JVM_ARGS=-D" + PROPERTY + "=DIR, or XDG_CACHE_HOME=DIR";

  private CacheFolder() {}

  static Path ofThisUser() {
    return of(System.getProperties(), System.getenv());
  }

  /**
   * The property where set; else {@code gatun} in {@code $XDG_CACHE_HOME} (when it is absolute, as the XDG base directory specification
   * asks); else in {@code ~/Library/Caches} on macOS, in {@code %LOCALAPPDATA%} on Windows, elsewhere in {@code ~/.cache}. A user without a
   * home, as in some containers, gets a folder among the temporary files.
   */
  static Path of(Properties properties, Map<String, String> environment) {
    String wanted = properties.getProperty(PROPERTY, "");
    if (!wanted.isBlank()) {
      return Path.of(wanted);
    }
    String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
    if (!xdg.isBlank() && Path.of(xdg).isAbsolute()) {
      return Path.of(xdg).resolve("gatun");
    }
    String os = properties.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    String local = environment.getOrDefault("LOCALAPPDATA", "");
    if (os.startsWith("windows") && !local.isBlank()) {
      return Path.of(local).resolve("gatun");
    }
    String named = properties.getProperty("user.home", "");
    if (named.isBlank() || named.equals("?")) {
      Path temporary = Path.of(properties.getProperty("java.io.tmpdir", "/tmp")).resolve("gatun-cache");
      System.getLogger("dev.gatun.decoder").log(System.Logger.Level.WARNING, "this user has no home folder, so models are kept in "
          + temporary + "; " + ADVICE);
      return temporary;
    }
    Path home = Path.of(named);
    if (os.startsWith("mac")) {
      return home.resolve("Library").resolve("Caches").resolve("gatun");
    }
    if (os.startsWith("windows")) {
      return home.resolve("AppData").resolve("Local").resolve("gatun");
    }
    return home.resolve(".cache").resolve("gatun");
  }
}
