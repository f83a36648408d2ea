package dev.gatun.decoder;

/** What guesses the tokens that come next, for {@link Speculation}. */
interface Draft {
  /**
   * Guesses the tokens after a sequence and one more token.
   *
   * @param sequence the text so far
   * @param next the token behind it, chosen but not fed
   * @param into takes the guesses, as many as it is long at most
   * @return how many there are; a guess that is no token of the target's vocabulary is none
   */
  int propose(Sequence sequence, int next, int[] into);

  /** Gives back what it holds. */
  default void close() {}
}
