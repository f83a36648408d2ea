package dev.gatun.decoder.cli.report;

/**
 * What a device allows, as measured in the run itself.
 *
 * @param backend it was measured on; empty where the file does not tell
 * @param device its name; empty where the file does not tell
 * @param gbPerSecond of a large copy; NaN where it was not measured
 * @param tflopPerSecond of a large product; NaN where it was not measured
 */
record Ceiling(String backend, String device, double gbPerSecond, double tflopPerSecond) {
  /** The most that can be done at an intensity; NaN where a part of the ceiling is unknown. */
  double at(double intensity) {
    return Math.min(tflopPerSecond, gbPerSecond * intensity / 1e3);
  }

  boolean isWhole() {
    return gbPerSecond > 0 && tflopPerSecond > 0;
  }
}
