package dev.gatun.decoder.cli.report;

/**
 * How a benchmark or a kernel did.
 *
 * @param source the tool or library that ran it
 * @param backend it ran on; empty where the file does not tell
 * @param family the operator, or the group of benchmarks
 * @param name tells it from the others of its family
 * @param unit of the score
 * @param more whether more is better
 * @param score of each time
 * @param gbPerSecond bytes it must move by its time; NaN where unknown
 * @param tflopPerSecond operations it must do by its time; NaN where unknown
 * @param share of what its device allows, 1 being all of it; NaN where unknown
 */
record Score(String source, String backend, String family, String name, String unit, boolean more, Series score, double gbPerSecond, double tflopPerSecond,
    double share) {
  /** Operations for each byte moved. */
  double intensity() {
    return 1e3 * tflopPerSecond / gbPerSecond;
  }

  boolean isOnTheRoofline() {
    return gbPerSecond > 0 && tflopPerSecond > 0 && Double.isFinite(intensity());
  }

  String key() {
    return String.join("\n", source, backend, family, name, unit);
  }

  String title() {
    return family + " " + name;
  }
}
