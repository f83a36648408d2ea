package dev.gatun.decoder;

/**
 * Guesses that a text repeats itself: what stood after the last place where its newest tokens stood before, the longest match first, down to pairs
 * (prompt lookup decoding).
 */
final class LookupDraft implements Draft {
  private static final int LONGEST = 4;
  private static final int SHORTEST = 2;

  @Override
  public int propose(Sequence sequence, int next, int[] into) {
    int length = sequence.position();
    for (int match = Math.min(LONGEST, length); match >= SHORTEST; match--) {
      for (int end = length - 1; end >= match - 1; end--) {
        if (sequence.id(end) == next && matches(sequence, end, length, match)) {
          return copy(sequence, end + 1, length, next, into);
        }
      }
    }
    return 0;
  }

  /** Whether the {@code match - 1} tokens before {@code end} are those before {@code length}. */
  private static boolean matches(Sequence sequence, int end, int length, int match) {
    for (int back = 1; back < match; back++) {
      if (sequence.id(end - back) != sequence.id(length - back)) {
        return false;
      }
    }
    return true;
  }

  /** The tokens from {@code from} on; behind the last of them the text goes on with {@code next} and with the guesses themselves. */
  private static int copy(Sequence sequence, int from, int length, int next, int[] into) {
    for (int i = 0; i < into.length; i++) {
      int at = from + i;
      into[i] = at < length ? sequence.id(at) : at == length ? next : into[at - length - 1];
    }
    return into.length;
  }
}
