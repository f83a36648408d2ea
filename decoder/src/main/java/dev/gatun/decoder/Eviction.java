package dev.gatun.decoder;

import dev.gatun.ShapeException;
import java.util.Arrays;

/**
 * What a sequence keeps when its context is full: its first {@code sinks} tokens, on which attention rests (StreamingLLM, Xiao et al. 2023), and the newest
 * {@code window}. Kept tokens have the positions of a text that never held the others: the sinks stay as they are, and the window is fed again behind them, so that keys are rotated for
 * where they now stand and every value is that of a fresh sequence of these tokens. That costs a prefill of {@code window} tokens for each
 * {@code context - sinks - window} that are decoded.
 *
 * @param sinks first tokens to keep, 0 for none
 * @param window newest tokens to keep, at least 1
 */
public record Eviction(int sinks, int window) {
  /** Checks them. @throws ShapeException if sinks is negative or window not positive */
  public Eviction {
    if (sinks < 0 || window < 1) {
      throw new ShapeException("eviction keeps 0 or more first tokens and 1 or more newest, not " + sinks + " and " + window);
    }
  }

  /** Tokens that are kept. */
  long kept() {
    return (long) sinks + window;
  }

  /** Cuts a sequence that has no room for some tokens back to its first ones. @return what is then to be fed: the newest, those tokens at their end */
  int[] makeRoom(Sequence sequence, int[] ids) {
    int before = sequence.position();
    int[] all = Arrays.copyOf(sequence.ids(), before + ids.length);
    System.arraycopy(ids, 0, all, before, ids.length);
    int held = Math.min(before, sinks);
    int[] fed = new int[(int) kept() - held];
    System.arraycopy(all, held, fed, 0, sinks - held);
    System.arraycopy(all, all.length - window, fed, fed.length - window, window);
    sequence.decoder().truncate(sequence, held);
    sequence.evict(all.length - kept());
    return fed;
  }
}
