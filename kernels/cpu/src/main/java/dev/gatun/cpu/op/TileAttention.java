package dev.gatun.cpu.op;

import java.lang.foreign.MemorySegment;

/** The online softmax over a tile of at most {@link AttentionScratch#TILE} positions, in another form than {@link RowMath}'s. */
public interface TileAttention {
  /** How kernels' names end that use it. */
  String label();

  /** Bytes that {@link #attend} works in. */
  long workBytes(int keySize, int valueSize, int tokens, int group);

  /** Whether it takes keys and values of F32 alone, which others become first. */
  default boolean takesFloats() {
    return false;
  }

  /** Rows of queries that it takes side by side; 1 where it makes no difference. */
  default int rows() {
    return 1;
  }

  /** Whether it is for sequences of which that many rows of queries are in a step. */
  default boolean serves(int rows) {
    return true;
  }

  /** Comes before the tiles that some rows of queries meet, with the same arguments. */
  default void begin(MemorySegment q, long qOffset, long qTokenBytes, long qHeadBytes, int tokens, int group, int keySize, int valueSize, MemorySegment scratch,
      long work) {}

  /**
   * Goes on over {@code count} positions of one key/value head, for the {@code group} query heads of it and a number of tokens: rows of queries are floats,
   * keys and values of the type that this was made for.
   *
   * @param state from {@code base} of {@code scratch} on, two floats a row: the largest score and the sum of weights
   * @param sums likewise, each row's weighted sum of values
   * @param bounds likewise, two integers a token: the first position of the tile that it sees, and the one past the last; they may lie outside the tile
   * @param work likewise, as many bytes as {@link #workBytes} says
   */
  void attend(MemorySegment q, long qOffset, long qTokenBytes, long qHeadBytes, int tokens, int group, MemorySegment keys, long keyOffset, long keyStride,
      int keySize, MemorySegment values, long valueOffset, long valueStride, int valueSize, int count, float scale, MemorySegment scratch, long base,
      long state, long sums, long sumsRowBytes, long bounds, long work);
}
