package dev.gatun.cpu.matmul;

import java.lang.foreign.MemorySegment;

/**
 * Products of some weight rows, broadcast, with the columns of a group of activation rows, a lane for each. Every output is one chain of
 * multiply-adds in the order of k, whatever the tile, so that its bits do not depend on its neighbours.
 */
interface Tile {
  /**
   * The tile for this machine: AVX2 has 16 registers, AVX-512 and NEON have 32. With six rows of two vectors in 16 of them, C2 keeps sums in
   * memory, at half the rate.
   */
  static Tile best() {
    return Wide.L == 8 ? new FourRows() : new EightRows();
  }

  /** The most rows that a tile has. */
  int MOST = 12;

  /** Weight rows beside a group of one, two or {@link Columns#VECTORS} vectors. */
  int rows(int vectors);

  /**
   * Adds {@code depth} columns of a group of activation rows.
   *
   * @param vectors how many of them a column takes: one, two or {@link Columns#VECTORS}
   * @param columns the columns of the group, one after the other, the first at byte {@code first}
   * @param weights rows that begin at {@code from} and each {@link Block#STRIDE} further
   * @param sums as many vectors for each weight row as a column takes, one row after the other, the first at {@code at}
   */
  void multiply(int vectors, MemorySegment columns, long first, int depth, float[] weights, int from, float[] sums, int at);
}
