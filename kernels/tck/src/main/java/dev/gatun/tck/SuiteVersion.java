package dev.gatun.tck;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.Properties;

/** The version that the build wrote beside this class. */
final class SuiteVersion {
  private SuiteVersion() {}

  static String number() {
    Properties properties = new Properties();
    try (InputStream in = SuiteVersion.class.getResourceAsStream("version.properties")) {
      if (in != null) {
        properties.load(in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty("version", "unknown");
  }

  /** The commit that whoever started this process found its checkout at. */
  static Optional<String> commit() {
    return Optional.ofNullable(System.getProperty("gatun.commit"));
  }
}
