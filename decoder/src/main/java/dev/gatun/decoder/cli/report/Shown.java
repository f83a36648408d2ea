package dev.gatun.decoder.cli.report;

import java.util.Locale;

/** Numbers for people. */
final class Shown {
  private Shown() {}

  /** Three digits or so. */
  static String number(double value) {
    if (!Double.isFinite(value)) {
      return "–";
    }
    double size = Math.abs(value);
    if (size != 0 && (size < 0.001 || size >= 1e9)) {
      return String.format(Locale.ROOT, "%.2e", value);
    }
    return String.format(Locale.ROOT, size >= 1000 ? "%,.0f" : size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : size >= 1 || size == 0 ? "%.2f" : "%.3g", value);
  }

  /** A whole number without the point that its type would give it. */
  static String exact(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15 ? Long.toString((long) value) : Double.toString(value);
  }

  static String percent(double share) {
    return Double.isFinite(share) ? String.format(Locale.ROOT, 100 * share < 10 ? "%.1f %%" : "%.0f %%", 100 * share) : "–";
  }

  static String change(double share) {
    return Double.isFinite(share) ? String.format(Locale.ROOT, "%+.1f %%", 100 * share).replace('-', '−') : "–";
  }

  static String probability(double p) {
    return !Double.isFinite(p) ? "–" : p < 0.0001 ? "< 0.0001" : String.format(Locale.ROOT, "%.4f", p);
  }

  static String spread(Series series) {
    return series.least() == series.most() ? "" : number(series.least()) + " to " + number(series.most());
  }

  static String count(int count, String one, String many) {
    return count + " " + (count == 1 ? one : many);
  }
}
