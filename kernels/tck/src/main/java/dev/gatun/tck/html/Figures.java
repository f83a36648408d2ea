package dev.gatun.tck.html;

import java.util.Locale;

/** How numbers are written, the same on every machine. */
final class Figures {
  private Figures() {}

  static String count(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }

  static String cases(long count) {
    return count(count) + (count == 1 ? " case" : " cases");
  }

  /** An error or a bound. */
  static String error(double error) {
    return error == 0 ? "0" : Double.isInfinite(error) ? "∞" : String.format(Locale.ROOT, "%.2e", error);
  }

  /** A share of a bound, where 1 is all of it. */
  static String share(double share) {
    if (share == 0) {
      return "0 %";
    }
    if (!(share < 100)) {
      return Double.isFinite(share) ? share < 1e6 ? count(Math.round(share)) + " ×" : String.format(Locale.ROOT, "%.0e ×", share) : "∞";
    }
    return share < 0.001 ? "< 0.1 %" : String.format(Locale.ROOT, share < 0.1 ? "%.1f %%" : "%.0f %%", 100 * share);
  }

  static String bytes(long bytes) {
    double gib = bytes / (double) (1L << 30);
    return gib < 1 ? count(bytes) + " bytes" : String.format(Locale.ROOT, "%.1f GiB", gib);
  }

  static String seconds(double seconds) {
    return seconds < 120 ? String.format(Locale.ROOT, "%.1f s", seconds)
        : String.format(Locale.ROOT, "%d min %02d s", (long) seconds / 60, (long) seconds % 60);
  }
}
