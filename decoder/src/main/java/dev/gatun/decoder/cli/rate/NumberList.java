package dev.gatun.decoder.cli.rate;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Lists of numbers as llama-bench takes them: {@code 128,512}, {@code 0-1024+256} by adding, {@code 1-8*2} by multiplying, and mixtures. */
public final class NumberList {
  private static final int MOST = 1000;
  private static final Pattern RANGE = Pattern.compile("(\\d{1,10})-(\\d{1,10})(?:([+*])(\\d{1,10}))?");

  private NumberList() {}

  /** The numbers. @throws IllegalArgumentException saying what is wrong with the text */
  public static List<Integer> of(String text) {
    List<Integer> all = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      Matcher range = RANGE.matcher(part.strip());
      if (range.matches()) {
        add(part, range, all);
      } else {
        all.add(number(part, part.strip()));
      }
      if (all.size() > MOST) {
        throw new IllegalArgumentException("'" + text + "' are more than " + MOST + " numbers");
      }
    }
    return all;
  }

  private static void add(String part, Matcher range, List<Integer> all) {
    boolean product = "*".equals(range.group(3));
    long first = number(part, range.group(1));
    long last = number(part, range.group(2));
    long step = range.group(4) == null ? 1 : number(part, range.group(4));
    if (last < first || (product ? step < 2 || first < 1 : step < 1)) {
      throw new IllegalArgumentException("'" + part + "' does not go up from its first number to its last");
    }
    for (long at = first; at <= last && all.size() <= MOST; at = product ? at * step : at + step) {
      all.add((int) at);
    }
  }

  private static int number(String part, String digits) {
    try {
      return Integer.parseInt(digits);
    } catch (NumberFormatException _) {
      throw new IllegalArgumentException("'" + part + "' is no number and no range such as 0-1024+256 or 1-8*2");
    }
  }
}
