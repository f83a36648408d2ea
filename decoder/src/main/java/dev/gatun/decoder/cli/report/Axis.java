package dev.gatun.decoder.cli.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/**
 * A logarithmic scale of whole decades.
 *
 * @param from the power of ten at its beginning
 * @param to the power of ten at its end
 * @param begin where it begins on the picture
 * @param end where it ends
 */
record Axis(int from, int to, double begin, double end) {
  private static final int MOST_LABELS = 7;

  /** One that holds all these values, of which those that are not above 0 are left out. */
  static Axis over(double begin, double end, double... values) {
    double[] known = DoubleStream.of(values).filter(value -> value > 0 && Double.isFinite(value)).map(Math::log10).toArray();
    int from = (int) Math.floor(DoubleStream.of(known).min().orElse(0));
    int to = (int) Math.ceil(DoubleStream.of(known).max().orElse(1));
    return new Axis(from, Math.max(to, from + 1), begin, end);
  }

  double at(double value) {
    return begin + (end - begin) * (Math.log10(value) - from) / (to - from);
  }

  double least() {
    return Math.pow(10, from);
  }

  double most() {
    return Math.pow(10, to);
  }

  /** Powers of ten that have a label. */
  List<Integer> ticks() {
    int step = (to - from + MOST_LABELS) / MOST_LABELS;
    List<Integer> ticks = new ArrayList<>();
    for (int power = from; power <= to; power += step) {
      ticks.add(power);
    }
    return ticks;
  }

  static String label(int power) {
    return power >= 0 && power < 5 ? String.format(Locale.ROOT, "%,d", (long) Math.pow(10, power))
        : power < 0 && power > -4 ? String.format(Locale.ROOT, "%." + -power + "f", Math.pow(10, power)) : "1e" + power;
  }
}
