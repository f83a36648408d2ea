package dev.gatun.decoder.cli.rate;

/**
 * What is timed: a prompt, decode steps, or a prompt and decode steps after it.
 *
 * @param prompt tokens of the prompt, 0 for none
 * @param generated tokens decoded one by one, 0 for none
 * @param depth tokens in the cache before that
 * @param sequences how many are decoded side by side
 */
public record RateTest(int prompt, int generated, int depth, int sequences) {
  /** Whether only a prompt is fed. */
  public boolean isPrefill() {
    return generated == 0;
  }

  /** Whether only tokens are decoded. */
  public boolean isDecode() {
    return prompt == 0;
  }

  /** Tokens that the time is divided by: those of the first prompt, or all that are fed or decoded for every sequence. */
  public long tokens() {
    return isPrefill() ? prompt : (long) sequences * (prompt + generated);
  }

  /** The longest that a sequence gets. */
  public long length() {
    return (long) depth + prompt + generated;
  }

  /** As llama-bench writes it: {@code pp128}, {@code tg32}, {@code pp128+tg32}, and behind it the depth: {@code tg32 @ d1024}. */
  public String name() {
    String what = isDecode() ? "tg" + generated : isPrefill() ? "pp" + prompt : "pp" + prompt + "+tg" + generated;
    return depth == 0 ? what : what + " @ d" + depth;
  }

  /** The name, and the number of sequences where there are several. */
  @Override
  public String toString() {
    return sequences == 1 ? name() : name() + " x " + sequences;
  }
}
