package dev.gatun.decoder;

import dev.gatun.ClosedException;
import java.util.Arrays;

/**
 * One text in the making, owned: it holds a slot of its decoder's cache until it is closed. Used by one thread at a time, with its decoder.
 */
public final class Sequence implements AutoCloseable {
  private final Decoder decoder;
  private final int slot;
  private final Sampling sampling;
  private int[] ids = new int[64];
  private int position;
  private long evicted;
  private boolean closed;

  Sequence(Decoder decoder, int slot, Sampling sampling) {
    this.decoder = decoder;
    this.slot = slot;
    this.sampling = sampling;
  }

  /** Tokens that it holds: those that have been fed, less those that were evicted. */
  public int position() {
    return position;
  }

  /** Tokens that were fed and are no longer held, because its context was full; see {@link Eviction}. */
  public long evicted() {
    return evicted;
  }

  /**
   * A new sequence, owned by the caller, that begins with the tokens of this one. They take no memory of their own: both read the same pages of the cache, of which one is copied when
   * either writes into it.
   *
   * @throws dev.gatun.GatunException if as many sequences as the options allow are open
   */
  public Sequence fork(Sampling how) {
    return decoder.fork(this, how);
  }

  /** Takes over the tokens of another one, which the cache holds for this one too. */
  void continues(Sequence other) {
    ids = other.ids.clone();
    position = other.position;
    evicted = other.evicted;
  }

  /** Counts tokens that it no longer holds. */
  void evict(long tokens) {
    evicted += tokens;
  }

  /** The seed of its random numbers, another one after each eviction: positions come again, and their random numbers are not to. */
  long seed() {
    return sampling.seed() + evicted * 0x9E3779B97F4A7C15L;
  }

  /** The tokens that it holds, in order. */
  public int[] ids() {
    return Arrays.copyOf(ids, position);
  }

  /** How its next token is chosen. */
  public Sampling sampling() {
    return sampling;
  }

  Decoder decoder() {
    return decoder;
  }

  int slot() {
    if (closed) {
      throw new ClosedException("a sequence is used after it was closed");
    }
    return slot;
  }

  int id(int at) {
    return ids[at];
  }

  /** Makes room for so many more tokens, so that none of them needs a larger array. */
  void expect(int more) {
    if (position + more > ids.length) {
      ids = Arrays.copyOf(ids, position + more);
    }
  }

  void append(int[] more, int from, int to) {
    if (position + to - from > ids.length) {
      ids = Arrays.copyOf(ids, Math.max(2 * ids.length, position + to - from));
    }
    System.arraycopy(more, from, ids, position, to - from);
    position += to - from;
  }

  /** Forgets the tokens from {@code length} on: those of a step that failed. */
  void rewind(int length) {
    position = length;
  }

  /** Gives the slot back; a second call does nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      decoder.release(slot);
    }
  }
}
