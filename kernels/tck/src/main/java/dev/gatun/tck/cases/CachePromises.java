package dev.gatun.tck.cases;

import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.GatunException;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.Ragged;
import dev.gatun.ShapeException;
import dev.gatun.Tensor;
import java.util.Arrays;

/** What is promised of caches. */
final class CachePromises {
  private static final int HEADS = 2;
  private static final int SIZE = 32;

  private CachePromises() {}

  static void list(Promises to) {
    to.with("cache_poison_is_nan", CachePromises::poison)
        .with("cache_is_full", CachePromises::full)
        .with("cache_of_an_integer_type", CachePromises::integers)
        .with("cache_fork_is_apart", CachePromises::fork)
        .with("cache_page_given_up_is_let_go", CachePromises::givenUp)
        .with("closed_in_flight_cache", CachePromises::closedInFlight)
        .with("cache_work_keeps_its_turn", CachePromises::turn);
  }

  /** A cache of two slots in F32. */
  static KvCache small(Backend on) {
    return on.newKvCache(new KvCache.Spec(1, HEADS, 16, 16, DType.F32, 4, 8, 2, 16));
  }

  private static void poison(Ground ground) {
    KvCache cache;
    try {
      cache = ground.own(ground.backend().newKvCache(new KvCache.Spec(2, HEADS, SIZE, SIZE, ground.values.dtype("w"), 4, 4, 2, 8)));
    } catch (ShapeException e) {
      ground.unsupported(e.getMessage());
      return;
    }
    cache.poison(ground.stream());
    int slot = cache.open();
    cache.reserve(ground.stream(), slot, 0, 8);
    for (KvCache.Part part : KvCache.Part.values()) {
      for (int at = 0; at < 2 * 8 * HEADS; at++) {
        int layer = at % 2;
        int position = at / 2 % 8;
        float[] there = cache.read(ground.stream(), slot, layer, part, position, at / 16);
        for (float value : there) {
          ground.holds(Float.isNaN(value), () -> "a poisoned " + part + " of layer " + layer + ", position " + position + " reads as " + value);
        }
      }
    }
    ground.stream().synchronize();
  }

  private static void full(Ground ground) {
    KvCache cache = ground.own(ground.backend().newKvCache(new KvCache.Spec(1, HEADS, 16, 16, DType.F32, 4, 3, 2, 16)));
    int first = cache.open();
    int second = cache.open();
    ground.refused("opening a third slot of two", GatunException.class, cache::open);
    cache.reserve(ground.stream(), first, 0, 8);
    ground.refused("reserving more pages than are free", GatunException.class, () -> cache.reserve(ground.stream(), second, 0, 8));
    ground.holds(cache.length(second) == 0 && cache.freePages() == 1, () -> "a refused reservation has taken pages");
    ground.refused("reserving more positions than a slot has", GatunException.class, () -> cache.reserve(ground.stream(), first, 8, 17));
    cache.release(ground.stream(), first);
    ground.holds(cache.freePages() == 3, () -> "released pages are not free");
    cache.reserve(ground.stream(), second, 0, 8);
    ground.stream().synchronize();
    ground.works(ground.backend(), "after the cache was full");
  }

  private static void integers(Ground ground) {
    for (DType type : new DType[] {DType.I32, DType.I8}) {
      ground.refused("a cache of " + type.label(), GatunException.class,
          () -> ground.backend().newKvCache(new KvCache.Spec(1, HEADS, SIZE, SIZE, type, 4, 4, 2, 8)).close());
    }
    ground.works(ground.backend(), "after the refusal");
  }

  /** Appends one token whose every element is {@code value}. */
  private static void append(Ground ground, KvCache cache, int slot, int position, float value) {
    int size = cache.spec().keySize();
    float[] values = new float[HEADS * size];
    Arrays.fill(values, value);
    Tensor k = ground.backend().tensor(values, 1, HEADS, size);
    Ragged batch = new Ragged(ground.backend().tensor(new int[] {0, 1}, 2), ground.backend().tensor(new int[] {slot}, 1),
        ground.backend().tensor(new int[] {position}, 1));
    ground.stream().run(new KvAppend(k, k, batch, cache, 0));
  }

  private static void holds(Ground ground, KvCache cache, int slot, int position, float wanted) {
    for (KvCache.Part part : KvCache.Part.values()) {
      for (int head = 0; head < HEADS; head++) {
        for (float value : cache.read(ground.stream(), slot, 0, part, position, head)) {
          ground.holds(value == wanted, () -> "slot " + slot + ", position " + position + ": " + part + " is " + value + " instead of " + wanted);
        }
      }
    }
  }

  private static void fork(Ground ground) {
    KvCache cache = ground.own(small(ground.backend()));
    int slot = cache.open();
    cache.reserve(ground.stream(), slot, 0, 6);
    for (int i = 0; i < 6; i++) {
      append(ground, cache, slot, i, i + 1);
    }
    int copy = cache.fork(ground.stream(), slot);
    cache.reserve(ground.stream(), copy, 5, 7);
    append(ground, cache, copy, 5, 50);
    append(ground, cache, copy, 6, 60);
    for (int i = 0; i < 6; i++) {
      holds(ground, cache, slot, i, i + 1);
      holds(ground, cache, copy, i, i == 5 ? 50 : i + 1);
    }
    holds(ground, cache, copy, 6, 60);
    cache.release(ground.stream(), slot);
    holds(ground, cache, copy, 0, 1);
    ground.stream().synchronize();
  }

  /** A slot that gave its only page up may not write it any more: the token is dropped. */
  private static void givenUp(Ground ground) {
    KvCache cache = ground.own(ground.backend().newKvCache(new KvCache.Spec(1, HEADS, 16, 16, DType.F32, 4, 1, 2, 4)));
    int first = cache.open();
    cache.reserve(ground.stream(), first, 0, 1);
    append(ground, cache, first, 0, 1);
    cache.truncate(ground.stream(), first, 0);
    int second = cache.open();
    cache.reserve(ground.stream(), second, 0, 1);
    append(ground, cache, second, 0, 2);
    append(ground, cache, first, 0, 3);
    holds(ground, cache, second, 0, 2);
    ground.stream().synchronize();
  }

  /** Whether its work is done by then is the backend's affair; that it does not write what was freed is not. */
  private static void closedInFlight(Ground ground) {
    KvCache cache = small(ground.backend());
    int slot = cache.open();
    cache.poison(ground.stream());
    cache.reserve(ground.stream(), slot, 0, 16);
    ground.attempted("closing a cache in flight", cache::close);
    ground.works(ground.backend(), "with a cache closed while it was in flight");
    ground.stream().synchronize();
    cache.close();
  }

  /** What a cache maps, poisons and copies is done in the order of the stream, without a wait between. */
  private static void turn(Ground ground) {
    KvCache cache = ground.own(small(ground.backend()));
    for (int round = 0; round < 4; round++) {
      int slot = cache.open();
      cache.poison(ground.stream());
      cache.reserve(ground.stream(), slot, 0, 5);
      append(ground, cache, slot, 4, round + 1);
      holds(ground, cache, slot, 4, round + 1);
      float before = cache.read(ground.stream(), slot, 0, KvCache.Part.KEY, 3, 0)[0];
      ground.holds(Float.isNaN(before), () -> "a position that nothing was appended to reads as " + before + ", though its page was poisoned");
      cache.release(ground.stream(), slot);
    }
    ground.stream().synchronize();
  }
}
