package dev.gatun.cpu.matmul;

import java.lang.foreign.MemorySegment;

/**
 * Products of some weight rows, broadcast, with the columns of a group of activation rows, a lane for each. Every output is one chain of
 * multiply-adds in the order of k, whatever the tile, so that its bits do not depend on its neighbours.
 */
interface Tile {
  /**
   * The tile for this machine: AVX2 has 16 registers, AVX-512 and NEON have 32. With six rows in 16 of them, C2 keeps sums in memory, at
   * half the rate.
   */
  static Tile best() {
    return Wide.L == 8 ? new FourRows() : new EightRows();
  }

  /** The most rows that a tile has. */
  int MOST = 12;

  /** Weight rows of {@link #wide}. */
  int rows();

  /** Weight rows of {@link #narrow}. */
  int narrowRows();

  /**
   * Adds {@code depth} columns of {@link Columns#WIDTH} rows.
   *
   * @param columns the columns of the group, one after the other, the first at byte {@code first}
   * @param weights rows that begin at {@code from} and each {@link Block#STRIDE} further
   * @param sums of the first weight row at {@code at}, of the others each {@link Columns#WIDTH} further
   */
  void wide(MemorySegment columns, long first, int depth, float[] weights, int from, float[] sums, int at);

  /** The same of groups of at most half as many rows, whose columns are half as far from each other; sums lie as those of {@link #wide}. */
  void narrow(MemorySegment columns, long first, int depth, float[] weights, int from, float[] sums, int at);
}
