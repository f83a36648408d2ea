package dev.gatun.cpu;

import static dev.gatun.cpu.op.View.INT;

import dev.gatun.cpu.op.View;
import java.lang.foreign.MemorySegment;

/**
 * Which rows each expert multiplies in a run: the choices sorted by expert, those of one expert in the order of tokens. Rows get places one expert's after the
 * other. Lies in scratch memory.
 *
 * @param experts how many there are
 * @param choices tokens times experts of a token, at the bound
 * @param paired whether an expert of one row has that row twice: a kernel takes another path for one row than for more, and whether there are more is for
 *     other tokens to say
 * @param memory where it lies
 * @param base the first byte, aligned to an int
 */
record ExpertRows(int experts, int choices, boolean paired, MemorySegment memory, long base) {
  /** Rows that are made ready together. */
  static final int CHUNK = 16;

  private static final int HEAD = 4;
  private static final int FIELDS = 4;

  /** Bytes that it takes. */
  long bytes() {
    return 4 * (HEAD + FIELDS * (long) most() + choices + places() + experts);
  }

  /** The most experts that one run has rows for. */
  int most() {
    return Math.min(experts, choices);
  }

  /** The most places. */
  long places() {
    return paired ? (long) choices + most() : choices;
  }

  private int get(long at) {
    return memory.get(INT, base + 4 * at);
  }

  private void set(long at, int value) {
    memory.set(INT, base + 4 * at, value);
  }

  private long placeOf() {
    return HEAD + FIELDS * (long) most();
  }

  private long choiceAt() {
    return placeOf() + choices;
  }

  private long next() {
    return choiceAt() + places();
  }

  /** Sorts the choices of this run's tokens. */
  void sort(View chosen, int tokens) {
    int each = chosen.size(1);
    for (int e = 0; e < experts; e++) {
      set(next() + e, 0);
    }
    for (int t = 0; t < tokens; t++) {
      for (int j = 0; j < each; j++) {
        int e = expert(chosen, t, j);
        if (e >= 0) {
          set(next() + e, get(next() + e) + 1);
        }
      }
    }
    int used = 0;
    int place = 0;
    int chunk = 0;
    for (int e = 0; e < experts; e++) {
      int rows = get(next() + e);
      if (rows > 0) {
        set(HEAD + FIELDS * (long) used, e);
        set(HEAD + FIELDS * (long) used + 1, place);
        set(HEAD + FIELDS * (long) used + 2, rows);
        set(HEAD + FIELDS * (long) used + 3, chunk);
        set(next() + e, place);
        int wide = paired && rows == 1 ? 2 : rows;
        place += wide;
        chunk += Math.ceilDiv(wide, CHUNK);
        used++;
      }
    }
    set(0, used);
    set(1, chunk);
    for (int t = 0; t < tokens; t++) {
      for (int j = 0; j < each; j++) {
        int e = expert(chosen, t, j);
        int at = -1;
        if (e >= 0) {
          at = get(next() + e);
          set(next() + e, at + 1);
          set(choiceAt() + at, t * each + j);
        }
        set(placeOf() + (long) t * each + j, at);
      }
    }
    for (int u = 0; u < used; u++) {
      if (paired && rows(u) == 1) {
        set(choiceAt() + first(u) + 1, choice(first(u)));
      }
    }
  }

  private int expert(View chosen, int t, int j) {
    int e = chosen.memory().get(INT, chosen.row(t) + 4L * j);
    return e < experts ? Math.max(e, -1) : -1;
  }

  /** How many experts have rows. */
  int used() {
    return get(0);
  }

  /** Which expert the u-th is that has rows. */
  int expert(int u) {
    return get(HEAD + FIELDS * (long) u);
  }

  /** The first place of its rows. */
  int first(int u) {
    return get(HEAD + FIELDS * (long) u + 1);
  }

  /** How many rows it has. */
  int rows(int u) {
    return get(HEAD + FIELDS * (long) u + 2);
  }

  /** How many places its rows have. */
  int wide(int u) {
    return paired ? Math.max(2, rows(u)) : rows(u);
  }

  /** Chunks of at most {@link #CHUNK} rows of one expert. */
  int chunks() {
    return get(1);
  }

  int firstChunk(int u) {
    return get(HEAD + FIELDS * (long) u + 3);
  }

  /** Which of the experts with rows a chunk belongs to. */
  int ofChunk(int chunk) {
    int low = 0;
    int high = used() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (firstChunk(middle) <= chunk) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /** The choice, counted over tokens and their experts, whose row is at a place. */
  int choice(int place) {
    return get(choiceAt() + place);
  }

  /** The place of a choice's row; −1 where there is no such expert. */
  int place(int choice) {
    return get(placeOf() + choice);
  }
}
