package dev.gatun.cpu.op;

import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.cpu.CpuCache;
import java.lang.foreign.MemorySegment;

/** Where the keys and values of an attention lie. Rows of one head follow each other at a fixed distance for a stretch of positions. */
abstract sealed class KvRows {
  /** The memory of the keys. */
  abstract MemorySegment keys();

  /** The memory of the values. */
  abstract MemorySegment values();

  /** What both are made of. */
  abstract DType dtype();

  /** Bytes from one position's key to the next. */
  abstract long keyStride();

  /** Bytes from one position's value to the next. */
  abstract long valueStride();

  /** The number of keys of a sequence whose last token is at {@code last}. */
  abstract int length(int sequence, int last);

  /** The first position past {@code position} that need not follow it in memory. */
  abstract int stretch(int position);

  /** Where {@code position} is, in the terms of {@link #key} and {@link #value}; −1 if nowhere. */
  abstract long place(int sequence, int position);

  /** Byte offset of the key of {@code head}, or of the row that is all heads', at a place that {@code position} has. */
  abstract long key(long place, int position, int head);

  /** Byte offset of the value of {@code head} at a place that {@code position} has. */
  abstract long value(long place, int position, int head);

  static KvRows of(Kv kv, Sequences sequences, Binding binding) {
    return switch (kv) {
      case Kv.Dense dense -> new Dense(binding.view(dense.k()), binding.view(dense.v()), binding.view(dense.starts()));
      case Kv.Paged paged -> new Paged(binding.cache(paged.cache()), paged.layer(), sequences);
    };
  }

  private static final class Dense extends KvRows {
    private final View k;
    private final View v;
    private final View starts;

    Dense(View k, View v, View starts) {
      this.k = k;
      this.v = v;
      this.starts = starts;
    }

    @Override
    MemorySegment keys() {
      return k.memory();
    }

    @Override
    MemorySegment values() {
      return v.memory();
    }

    @Override
    DType dtype() {
      return k.dtype();
    }

    @Override
    long keyStride() {
      return k.strideBytes(0);
    }

    @Override
    long valueStride() {
      return v.strideBytes(0);
    }

    @Override
    int length(int sequence, int last) {
      int rows = Math.min(k.count(), v.count());
      int from = Math.clamp(starts.integer(sequence), 0, rows);
      return Math.clamp(starts.integer(sequence + 1), from, rows) - from;
    }

    @Override
    int stretch(int position) {
      return Integer.MAX_VALUE;
    }

    @Override
    long place(int sequence, int position) {
      return Math.max(0, starts.integer(sequence)) + (long) position;
    }

    @Override
    long key(long place, int position, int head) {
      return k.offset() + place * k.strideBytes(0) + head * k.strideBytes(1);
    }

    @Override
    long value(long place, int position, int head) {
      return v.offset() + place * v.strideBytes(0) + head * v.strideBytes(1);
    }
  }

  private static final class Paged extends KvRows {
    private final CpuCache cache;
    private final int layer;
    private final int pageTokens;
    private final int slotTokens;
    private final Sequences sequences;

    Paged(CpuCache cache, int layer, Sequences sequences) {
      this.cache = cache;
      this.layer = layer;
      this.pageTokens = cache.spec().pageTokens();
      this.slotTokens = cache.spec().slotTokens();
      this.sequences = sequences;
    }

    @Override
    MemorySegment keys() {
      return cache.memory();
    }

    @Override
    MemorySegment values() {
      return cache.memory();
    }

    @Override
    DType dtype() {
      return cache.spec().dtype();
    }

    @Override
    long keyStride() {
      return cache.keyBytes();
    }

    @Override
    long valueStride() {
      return cache.spec().isLatent() ? cache.keyBytes() : cache.valueBytes();
    }

    /** One past the slot's end at most, where no place is, so that such a token sees that it has no page. */
    @Override
    int length(int sequence, int last) {
      return Math.clamp(last + 1L, 0, slotTokens + 1);
    }

    @Override
    int stretch(int position) {
      return (int) Math.min(Integer.MAX_VALUE, (position / pageTokens + 1L) * pageTokens);
    }

    @Override
    long place(int sequence, int position) {
      return cache.page(sequences.slot(sequence), position);
    }

    @Override
    long key(long place, int position, int head) {
      return cache.keys(layer, (int) place, cache.spec().isLatent() ? 0 : head) + position % pageTokens * cache.keyBytes();
    }

    @Override
    long value(long place, int position, int head) {
      return cache.spec().isLatent() ? key(place, position, head) : cache.values(layer, (int) place, head) + position % pageTokens * cache.valueBytes();
    }
  }
}
