package dev.gatun.decoder.tokenizer;

import java.util.Arrays;

/** Merges of byte-level BPE by the pair of symbols they join. A merge's number is its place among them, which is its rank. */
final class MergeTable {
  private final long[] pairs;
  private final int[] ranks;
  private final int[] merged;
  private final int mask;

  MergeTable(int capacity) {
    int length = Integer.highestOneBit(Math.max(16, capacity)) << 2;
    pairs = new long[length];
    Arrays.fill(pairs, -1);
    ranks = new int[length];
    merged = new int[capacity];
    mask = length - 1;
  }

  /** Adds a merge; a pair seen before keeps its first rank. */
  void add(int rank, int left, int right, int result) {
    int slot = slot(left, right);
    if (pairs[slot] < 0) {
      pairs[slot] = pair(left, right);
      ranks[slot] = rank;
      merged[rank] = result;
    }
  }

  /** The rank of a pair, or -1. */
  int rank(int left, int right) {
    int slot = slot(left, right);
    return pairs[slot] < 0 ? -1 : ranks[slot];
  }

  /** The symbol that the merge of a rank makes. */
  int merged(int rank) {
    return merged[rank];
  }

  private int slot(int left, int right) {
    long pair = pair(left, right);
    long h = pair * 0x9E3779B97F4A7C15L;
    int slot = (int) (h >>> 32) & mask;
    while (pairs[slot] >= 0 && pairs[slot] != pair) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private static long pair(int left, int right) {
    return (long) left << 32 | right;
  }
}
