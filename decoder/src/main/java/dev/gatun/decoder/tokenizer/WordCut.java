package dev.gatun.decoder.tokenizer;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One rule of a pre-tokenizer: cuts the pieces of a text into smaller ones. */
sealed interface WordCut permits WordCut.Expression, WordCut.DigitGroups {

  /**
   * The ends of the pieces after the cut, ascending, none empty.
   *
   * @param from where the first piece begins
   * @param ends where the pieces before the cut end
   */
  IntList finer(String text, int from, IntList ends);

  /** A regular expression: both its matches and the gaps between them become pieces. A look-ahead sees no further than the piece it works on. */
  record Expression(Pattern pattern) implements WordCut {
    static Expression of(String expression) {
      return new Expression(Pattern.compile(expression, Pattern.UNICODE_CHARACTER_CLASS));
    }

    @Override
    public IntList finer(String text, int from, IntList ends) {
      IntList finer = new IntList(Math.max(ends.size(), (text.length() - from) / 4));
      Matcher matcher = pattern.matcher(text);
      for (int i = 0, start = from; i < ends.size(); start = ends.get(i++)) {
        cut(matcher.region(start, ends.get(i)), start, ends.get(i), finer);
      }
      return finer;
    }

    private static void cut(Matcher matcher, int start, int end, IntList ends) {
      int at = start;
      while (at < end && matcher.find()) {
        if (matcher.start() > at) {
          ends.add(matcher.start());
        }
        ends.add(matcher.end());
        at = matcher.end();
      }
      if (at < end) {
        ends.add(end);
      }
    }
  }

  /**
   * Digits in threes from the right, the first group with what is left over. As in llama.cpp what stands before the digits of a piece stays
   * with their first group: the rules behind this one part them.
   *
   * @param ascii only 0 to 9, and no cut behind them; otherwise all numbers, with one
   */
  record DigitGroups(boolean ascii) implements WordCut {
    private static final int GROUP = 3;

    @Override
    public IntList finer(String text, int from, IntList ends) {
      IntList finer = new IntList(ends.size() + 8);
      for (int i = 0, start = from; i < ends.size(); start = ends.get(i++)) {
        cut(text, start, ends.get(i), finer);
      }
      return finer;
    }

    private void cut(String text, int start, int end, IntList ends) {
      int last = start;
      for (int at = start; at < end; ) {
        if (!isDigit(text.codePointAt(at))) {
          at += Character.charCount(text.codePointAt(at));
          continue;
        }
        int count = 0;
        for (int to = at; to < end && isDigit(text.codePointAt(to)); to += Character.charCount(text.codePointAt(to))) {
          count++;
        }
        for (int left = count; left > 0; left--) {
          if (left % GROUP == 0 && at > last && (left < count || ascii)) {
            ends.add(at);
            last = at;
          }
          at += Character.charCount(text.codePointAt(at));
        }
        if (!ascii) {
          ends.add(at);
          last = at;
        }
      }
      if (last < end) {
        ends.add(end);
      }
    }

    private boolean isDigit(int point) {
      return ascii ? point >= '0' && point <= '9' : switch (Character.getType(point)) {
        case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> true;
        default -> false;
      };
    }
  }
}
