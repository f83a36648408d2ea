package dev.gatun.decoder.cli;

import java.util.Locale;

/** Numbers for people, in decimal units. */
final class Units {
  private static final String[] PREFIXES = {"", "k", "M", "G", "T", "P", "E"};

  private Units() {}

  static String bytes(long bytes) {
    return scaled(bytes) + "B";
  }

  static String rate(double bytesPerSecond) {
    return scaled(bytesPerSecond) + "B/s";
  }

  /** {@code 1.24 G}: three digits, a space and the prefix. */
  static String scaled(double value) {
    int prefix = 0;
    double rest = value;
    while (Math.abs(rest) >= 999.5 && prefix < PREFIXES.length - 1) {
      rest /= 1000;
      prefix++;
    }
    int digits = prefix == 0 || Math.abs(rest) >= 99.95 ? 0 : Math.abs(rest) >= 9.995 ? 1 : 2;
    return decimal(rest, digits) + " " + PREFIXES[prefix];
  }

  /** How many parameters, as models are named: {@code 1.24B}, {@code 135M}. */
  static String count(long parameters) {
    String scaled = scaled(parameters).replace(" ", "");
    return scaled.endsWith("G") ? scaled.substring(0, scaled.length() - 1) + "B" : scaled;
  }

  static String seconds(long nanos) {
    return nanos < 999_500_000L ? decimal(nanos / 1e6, nanos < 9_950_000L ? 1 : 0) + " ms" : decimal(nanos / 1e9, 2) + " s";
  }

  static String decimal(double value, int digits) {
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }
}
