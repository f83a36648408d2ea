package dev.gatun.decoder;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
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
 * @param decodeSteps steps of one token taken in that time; with a draft, the tokens that its steps gave
 */
public record Generation(int[] ids, Reason reason, long promptNanos, long decodeNanos, int decodeSteps) {
  /** Tokens that there is room for at once where nothing else bounds a text. */
  private static final int FIRST_ROOM = 1024;

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
    return run(sequence, prompt, limit, stop, cancelled, listener, Optional.empty());
  }

  /**
   * As {@link #run(Sequence, int[], int, Set, BooleanSupplier, IntConsumer)}, with a draft that guesses tokens ahead: the same text in fewer steps.
   *
   * @param speculation what guesses them
   * @throws ContextFullException if the prompt alone does not fit
   */
  public static Generation run(Sequence sequence, int[] prompt, int limit, Set<Integer> stop, BooleanSupplier cancelled, IntConsumer listener,
      Speculation speculation) {
    return run(sequence, prompt, limit, stop, cancelled, listener, Optional.of(speculation));
  }

  private static Generation run(Sequence sequence, int[] prompt, int limit, Set<Integer> stop, BooleanSupplier cancelled, IntConsumer listener,
      Optional<Speculation> speculation) {
    Decoder decoder = sequence.decoder();
    boolean evicts = decoder.options().eviction().isPresent();
    long room = evicts ? Integer.MAX_VALUE : (long) decoder.options().context() - sequence.position() - prompt.length + 1;
    long started = System.nanoTime();
    OptionalInt answer = decoder.feed(sequence, prompt, cancelled);
    long first = System.nanoTime();
    if (answer.isEmpty()) {
      return new Generation(new int[0], Reason.CANCELLED, first - started, 0, 0);
    }
    Text text = new Text(new int[Math.clamp(room, 0, Math.max(0, evicts ? Math.min(limit, FIRST_ROOM) : limit))], Math.max(0, limit), stop, cancelled, listener);
    int steps = 0;
    boolean goesOn = text.take(answer.getAsInt());
    while (goesOn) {
      int next = text.last();
      steps += speculation.isPresent() ? speculate(sequence, next, text, speculation.get())
          : decoder.follow(List.of(sequence), new int[] {next}, limit - text.count, more -> text.take(more[0]));
      goesOn = evicts && text.reason == Reason.CONTEXT_FULL;
      if (goesOn) {
        goesOn = text.take(decoder.feed(sequence, text.last()));
        steps++;
      }
    }
    return new Generation(Arrays.copyOf(text.chosen, text.count), text.reason, first - started, System.nanoTime() - first, steps);
  }

  /** Tokens from {@code next} on until the text ends. @return how many were chosen */
  private static int speculate(Sequence sequence, int next, Text text, Speculation speculation) {
    Decoder decoder = sequence.decoder();
    int steps = 0;
    int fed = next;
    while (sequence.position() < decoder.options().context()) {
      int before = sequence.position();
      int[] chosen = speculation.step(sequence, fed, text.limit - text.count);
      for (int i = 0; i < chosen.length; i++) {
        steps++;
        if (!text.take(chosen[i])) {
          // What was guessed behind the end was never part of the text.
          decoder.truncate(sequence, before + 1 + i);
          return steps;
        }
      }
      fed = chosen[chosen.length - 1];
    }
    return steps;
  }

  /** The tokens so far. */
  private static final class Text {
    private int[] chosen;
    private final int limit;
    private final int[] stop;
    private final BooleanSupplier cancelled;
    private final IntConsumer listener;
    private int count;

    /** Why it ends; while it goes on, what is left to end it. */
    private Reason reason = Reason.CONTEXT_FULL;

    Text(int[] chosen, int limit, Set<Integer> stop, BooleanSupplier cancelled, IntConsumer listener) {
      this.chosen = chosen;
      this.limit = limit;
      this.stop = stop.stream().mapToInt(Integer::intValue).toArray();
      this.cancelled = cancelled;
      this.listener = listener;
    }

    int last() {
      return chosen[count - 1];
    }

    /** Takes a token that was chosen. @return whether it is to be fed */
    boolean take(int token) {
      if (count < limit) {
        for (int end : stop) {
          if (token == end) {
            reason = Reason.STOP_TOKEN;
            return false;
          }
        }
        if (count == chosen.length) {
          chosen = Arrays.copyOf(chosen, 2 * count);
        }
        chosen[count++] = token;
        listener.accept(token);
      }
      if (count == limit) {
        reason = Reason.LIMIT;
      } else if (cancelled.getAsBoolean()) {
        reason = Reason.CANCELLED;
      } else {
        return true;
      }
      return false;
    }
  }
}
