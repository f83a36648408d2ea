package dev.gatun.decoder;

import dev.gatun.ShapeException;
import java.util.Arrays;

/**
 * Speculative decoding, owned: a cheap draft guesses some tokens, and one step of the model over all of them tells which it would have chosen itself. Those up to its
 * first other choice are accepted, with that choice behind them; the cache forgets the rest. Each place has its own random number, so that sampled text,
 * too, is the text that the same seed gives without a draft, as far as a step of several tokens rounds as steps of one do: steps of up to 8 tokens compute in the
 * same types. Used by one thread at a time.
 */
public final class Speculation implements AutoCloseable {
  /** The most tokens of a draft. */
  public static final int MOST_TOKENS = 63;

  private final Draft draft;
  private final int most;
  private long steps;
  private long drafted;
  private long accepted;

  private Speculation(Draft draft, int most) {
    if (most < 1 || most > MOST_TOKENS) {
      throw new ShapeException("a draft has from 1 to " + MOST_TOKENS + " tokens, not " + most);
    }
    this.draft = draft;
    this.most = most;
  }

  /**
   * Drafts by looking for the newest tokens earlier in the text: for texts that repeat their prompt, such as summaries and edits.
   *
   * @param most the most tokens of a draft
   * @throws ShapeException if that is no number from 1 to {@link #MOST_TOKENS}
   */
  public static Speculation byLookup(int most) {
    return new Speculation(new LookupDraft(), most);
  }

  /**
   * Drafts by a smaller model of the same vocabulary.
   *
   * @param target the model whose tokens are wanted
   * @param draft with the smaller model, a free place for a sequence, and a context as large as the target's; it stays the caller's, and closes after this
   * @param most the most tokens of a draft
   * @throws ModelException naming both files, if their vocabularies differ
   * @throws ShapeException if {@code most} is no number from 1 to {@link #MOST_TOKENS}
   */
  public static Speculation byModel(Model target, Decoder draft, int most) {
    DraftVocabulary.check(target, draft.model());
    return new Speculation(new ModelDraft(draft), most);
  }

  /**
   * Feeds a token that was chosen, with a draft behind it.
   *
   * @param room the most tokens that are wanted
   * @return the tokens chosen, at least one; all but the last have been fed
   */
  int[] step(Sequence sequence, int next, int room) {
    Decoder decoder = sequence.decoder();
    int length = sequence.position();
    int space = Math.min(Math.min(decoder.options().context() - length, decoder.options().chunk()), room) - 1;
    int[] guesses = new int[Math.clamp(space, 0, most)];
    int count = guesses.length == 0 ? 0 : draft.propose(sequence, next, guesses);
    int[] fed = new int[count + 1];
    fed[0] = next;
    System.arraycopy(guesses, 0, fed, 1, count);
    int[] chosen = decoder.feedAll(sequence, fed);
    int right = 0;
    while (right < count && chosen[right] == guesses[right]) {
      right++;
    }
    decoder.truncate(sequence, length + 1 + right);
    steps++;
    drafted += count;
    accepted += right;
    return Arrays.copyOf(chosen, right + 1);
  }

  /** Steps of the model taken so far. */
  public long steps() {
    return steps;
  }

  /** Tokens guessed so far. */
  public long drafted() {
    return drafted;
  }

  /** Of those, the ones that the model chose too. */
  public long accepted() {
    return accepted;
  }

  /** The share of the guesses that were accepted; NaN where there were none. */
  public double acceptance() {
    return (double) accepted / drafted;
  }

  /** Gives back the place of the draft's sequence. */
  @Override
  public void close() {
    draft.close();
  }
}
