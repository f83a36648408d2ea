package dev.gatun.decoder;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;

/**
 * The decoder loop: feed the prompt, then feed each chosen token until there is a reason to stop.
 *
 * @param ids the tokens chosen; a stop token is not among them
 * @param reason why it stopped
 * @param promptNanos from the call to the first chosen token
 * @param decodeNanos from the first chosen token to the end
 * @param decodeSteps steps of one token taken in that time
 */
public record Generation(int[] ids, Reason reason, long promptNanos, long decodeNanos, int decodeSteps) {
  /** Why a generation stopped. */
  public enum Reason {
    /** A stop token was chosen. */
    STOP_TOKEN,
    /** As many tokens as asked for were chosen. */
    LIMIT,
    /** The context is full. */
    CONTEXT_FULL,
    /** The caller cancelled. */
    CANCELLED
  }

  /**
   * Runs the loop on one sequence.
   *
   * @param prompt the tokens to begin with, at least one
   * @param limit the most tokens to choose; the context bounds them too
   * @param stop tokens that end the text
   * @param cancelled asked before each step, also between the chunks of the prompt. A prompt that is cancelled gives {@link Reason#CANCELLED} and no
   *     ids, and the sequence holds the chunks that were fed
   * @param listener is given each chosen token as it comes
   * @throws ContextFullException if the prompt alone does not fit
   */
  public static Generation run(Sequence sequence, int[] prompt, int limit, Set<Integer> stop, BooleanSupplier cancelled, IntConsumer listener) {
    Decoder decoder = sequence.decoder();
    long room = (long) decoder.options().context() - sequence.position() - prompt.length + 1;
    int[] chosen = new int[Math.clamp(room, 0, Math.max(0, limit))];
    long started = System.nanoTime();
    OptionalInt answer = decoder.feed(sequence, prompt, cancelled);
    long first = System.nanoTime();
    if (answer.isEmpty()) {
      return new Generation(new int[0], Reason.CANCELLED, first - started, 0, 0);
    }
    int next = answer.getAsInt();
    int count = 0;
    int steps = 0;
    Reason reason = Reason.LIMIT;
    while (count < limit) {
      if (stop.contains(next)) {
        reason = Reason.STOP_TOKEN;
        break;
      }
      chosen[count++] = next;
      listener.accept(next);
      if (count == limit) {
        break;
      }
      if (cancelled.getAsBoolean()) {
        reason = Reason.CANCELLED;
        break;
      }
      if (sequence.position() == decoder.options().context()) {
        reason = Reason.CONTEXT_FULL;
        break;
      }
      next = decoder.feed(sequence, next);
      steps++;
    }
    return new Generation(Arrays.copyOf(chosen, count), reason, first - started, System.nanoTime() - first, steps);
  }
}
