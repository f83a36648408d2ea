package dev.gatun.decoder.tokenizer;

import java.util.Arrays;

/** Byte strings numbered in the order they were first added, found again from a range of a larger array without copying it. */
final class ByteTable {
  private byte[][] keys;
  private int[] slots;
  private int size;
  private int longest;

  ByteTable(int capacity) {
    keys = new byte[Math.max(16, capacity)][];
    slots = emptySlots(Integer.highestOneBit(Math.max(16, capacity)) << 2);
  }

  /** The number of a key, which is added if it is new. The array is kept, not copied. */
  int add(byte[] key) {
    int slot = slot(key, 0, key.length);
    if (slots[slot] >= 0) {
      return slots[slot];
    }
    if (size == keys.length) {
      keys = Arrays.copyOf(keys, size * 2);
    }
    keys[size] = key;
    slots[slot] = size;
    longest = Math.max(longest, key.length);
    if (++size > slots.length >> 1) {
      grow();
    }
    return size - 1;
  }

  /** The number of the key in {@code bytes[from, to)}, or -1. */
  int find(byte[] bytes, int from, int to) {
    return to - from > longest ? -1 : slots[slot(bytes, from, to)];
  }

  byte[] key(int number) {
    return keys[number];
  }

  int size() {
    return size;
  }

  private int slot(byte[] bytes, int from, int to) {
    int mask = slots.length - 1;
    int slot = hash(bytes, from, to) & mask;
    while (slots[slot] >= 0) {
      byte[] key = keys[slots[slot]];
      if (Arrays.equals(key, 0, key.length, bytes, from, to)) {
        break;
      }
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private void grow() {
    slots = emptySlots(slots.length << 1);
    for (int number = 0; number < size; number++) {
      slots[slot(keys[number], 0, keys[number].length)] = number;
    }
  }

  private static int[] emptySlots(int length) {
    int[] slots = new int[length];
    Arrays.fill(slots, -1);
    return slots;
  }

  private static int hash(byte[] bytes, int from, int to) {
    int h = to - from;
    for (int i = from; i < to; i++) {
      h = (h ^ bytes[i]) * 0x01000193;
    }
    h ^= h >>> 15;
    h *= 0x2c1b3c6d;
    return h ^ (h >>> 13);
  }
}
