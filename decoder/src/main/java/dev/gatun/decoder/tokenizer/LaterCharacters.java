package dev.gatun.decoder.tokenizer;

import java.util.stream.Stream;

/**
 * Characters that Unicode 16 added. llama.cpp's tables and the vocabularies of the field are older: a pre-tokenizer takes these for unassigned, whatever the
 * Java runtime knows of them (Unicode character database, DerivedAge).
 */
final class LaterCharacters {
  private static final String POINTS = """
      897 1B4E-1B4F 1B7F 1C89-1C8A 2427-2429 31E4-31E5 A7CB-A7CD A7DA-A7DC 105C0-105F3 10D40-10D65 10D69-10D85
      10D8E-10D8F 10EC2-10EC4 10EFC 11380-11389 1138B 1138E 11390-113B5 113B7-113C0 113C2 113C5 113C7-113CA
      113CC-113D5 113D7-113D8 113E1-113E2 116D0-116E3 11BC0-11BE1 11BF0-11BF9 11F5A 13460-143FA 16100-16139
      16D40-16D79 18CFF 1CC00-1CCF9 1CD00-1CEB3 1E5D0-1E5FA 1E5FF 1F8B2-1F8BB 1F8C0-1F8C1 1FA89 1FA8F 1FABE 1FAC6
      1FADC 1FADF 1FAE9 1FBCB-1FBEF
      """;
  private static final int[] RANGES = Stream.of(POINTS.strip().split("\\s+"))
      .flatMap(range -> Stream.of(range.split("-")[0], range.substring(range.indexOf('-') + 1))).mapToInt(point -> Integer.parseInt(point, 16)).toArray();

  /** Unassigned characters of one and two chars, which the ranges that rules list hold where they hold those they stand for: U+0800 to U+4E00, U+8C48 to U+FAFF. */
  private static final char BEFORE_HAN = '\u085F';
  private static final char BEHIND_HAN = '\uABFF';
  private static final String LONG = Character.toString(0xE0080);

  private LaterCharacters() {}

  /** The text with every such character in {@code [from, to)} made an unassigned one of the same length; the same object where there is none. */
  static String hidden(String text, int from, int to) {
    StringBuilder hidden = null;
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      if (c < RANGES[0]) {
        continue;
      }
      boolean pair = Character.isHighSurrogate(c);
      if (contains(pair ? text.codePointAt(i) : c)) {
        hidden = hidden == null ? new StringBuilder(text) : hidden;
        if (pair) {
          hidden.replace(i, i + 2, LONG);
        } else {
          hidden.setCharAt(i, c < '\u4E00' ? BEFORE_HAN : BEHIND_HAN);
        }
      }
      i += pair ? 1 : 0;
    }
    return hidden == null ? text : hidden.toString();
  }

  private static boolean contains(int point) {
    int low = 0;
    int high = RANGES.length / 2;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (point < RANGES[2 * middle]) {
        high = middle;
      } else if (point > RANGES[2 * middle + 1]) {
        low = middle + 1;
      } else {
        return true;
      }
    }
    return false;
  }
}
