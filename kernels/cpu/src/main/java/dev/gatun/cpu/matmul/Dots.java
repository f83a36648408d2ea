package dev.gatun.cpu.matmul;

import java.lang.foreign.MemorySegment;

/**
 * Dot products of activation rows with the four rows of a {@link Panel}. Every output owns {@link #lanes()} partial sums, each of them one
 * chain of multiply-adds in the order of k, whatever the tile: that keeps an output's bits independent of its neighbours.
 */
interface Dots {
  /** Partial sums per output; a whole number of steps of this many elements is what {@link #tile} and {@link #row} take. */
  int lanes();

  /** Adds {@code count} elements, a multiple of {@link #lanes()}, of four activation rows to the sixteen outputs at {@code at}. */
  void tile(MemorySegment x, long offset, long rowBytes, int count, float[] panel, float[] sums, int at);

  /** Adds {@code count} elements of one activation row to the four outputs at {@code at}. */
  void row(MemorySegment x, long offset, int count, float[] panel, float[] sums, int at);
}
