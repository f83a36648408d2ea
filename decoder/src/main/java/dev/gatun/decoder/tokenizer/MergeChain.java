package dev.gatun.decoder.tokenizer;

import java.util.Arrays;

/**
 * A text as a linked list of symbols, of which the best pair of neighbours is merged until no pair merges: the loop that byte-level BPE
 * (best is the lowest merge rank) and SentencePiece-style vocabularies (best is the highest score) share. Of equal pairs the leftmost
 * goes first. With n symbols it takes O(n log n). One chain serves one thread, for any number of texts.
 */
abstract class MergeChain {
  /** What each symbol is; its meaning belongs to the subclass. */
  int[] symbol = new int[64];
  /** The symbol after each symbol, or -1. */
  int[] next = new int[64];
  private int[] previous = new int[64];
  private int[] candidate = new int[64];
  private long[] heap = new long[64];
  private int heapSize;

  /** The merge of two neighbours as a number that is at least 0, or -1 if they don't merge. */
  abstract int merge(int left, int right);

  /** Where a merge stands among all: the lowest goes first. */
  abstract int order(int merge);

  /** The symbol that a merge makes. */
  abstract int merged(int merge);

  /** Makes room for symbols 0 to {@code count} less one. */
  void reserve(int count) {
    if (count > symbol.length) {
      int length = Math.max(count, symbol.length * 2);
      symbol = Arrays.copyOf(symbol, length);
      next = new int[length];
      previous = new int[length];
      candidate = new int[length];
    }
  }

  /** Merges the first {@code count} symbols; what is left is found from symbol 0 along {@link #next}. */
  final void run(int count) {
    heapSize = 0;
    for (int i = 0; i < count; i++) {
      previous[i] = i - 1;
      next[i] = i + 1;
    }
    next[count - 1] = -1;
    candidate[count - 1] = -1;
    for (int i = 0; i < count - 1; i++) {
      offer(i);
    }
    while (heapSize > 0) {
      long top = pop();
      int left = (int) top;
      int merge = candidate[left];
      // An entry whose pair has since changed is stale; if the pair now there has the same order, its own entry would come next anyway.
      if (merge >= 0 && order(merge) == (int) (top >> 32)) {
        apply(left, merge);
      }
    }
  }

  private void apply(int left, int merge) {
    int right = next[left];
    int after = next[right];
    symbol[left] = merged(merge);
    candidate[right] = -1;
    next[left] = after;
    if (after >= 0) {
      previous[after] = left;
      offer(left);
    } else {
      candidate[left] = -1;
    }
    if (previous[left] >= 0) {
      offer(previous[left]);
    }
  }

  private void offer(int left) {
    int merge = merge(left, next[left]);
    candidate[left] = merge;
    if (merge >= 0) {
      push((long) order(merge) << 32 | left);
    }
  }

  private void push(long entry) {
    if (heapSize == heap.length) {
      heap = Arrays.copyOf(heap, heapSize * 2);
    }
    int at = heapSize++;
    while (at > 0) {
      int parent = (at - 1) >>> 1;
      if (heap[parent] <= entry) {
        break;
      }
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = entry;
  }

  private long pop() {
    long top = heap[0];
    long last = heap[--heapSize];
    int at = 0;
    for (int child = 1; child < heapSize; child = 2 * at + 1) {
      if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= last) {
        break;
      }
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return top;
  }
}
