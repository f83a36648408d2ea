package dev.gatun.tck.cases;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.GatunException;
import dev.gatun.Kv;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.Operator;
import dev.gatun.Program;
import dev.gatun.Ragged;
import dev.gatun.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** What is promised of caches. */
final class CachePromises {
  private static final int SIZE = 32;

  private CachePromises() {}

  static void list(Promises to) {
    to.with("cache_poison_is_nan", CachePromises::poison)
        .with("cache_is_full", CachePromises::full)
        .with("cache_of_an_integer_type", CachePromises::integers)
        .with("cache_fork_is_apart", CachePromises::fork)
        .with("cache_page_given_up_is_let_go", CachePromises::givenUp)
        .with("closed_in_flight_cache", CachePromises::closedInFlight)
        .with("cache_work_keeps_its_turn", CachePromises::turn)
        .with("cache_changes_keep_their_turn", CachePromises::changes);
  }

  private static void poison(Ground ground) {
    KvCache cache = ground.own(ground.cache(ground.backend(), List.of(ground.values.dtype("w")), 2, 4, 2, 2));
    int positions = cache.spec().slotTokens();
    cache.poison(ground.stream());
    int slot = cache.open();
    cache.reserve(ground.stream(), slot, 0, positions);
    for (KvCache.Part part : KvCache.Part.values()) {
      for (int at = 0; at < 2 * positions * Ground.HEADS; at++) {
        int layer = at % 2;
        int position = at / 2 % positions;
        float[] there = cache.read(ground.stream(), slot, layer, part, position, at / (2 * positions));
        for (float value : there) {
          ground.holds(Float.isNaN(value), () -> "a poisoned " + part + " of layer " + layer + ", position " + position + " reads as " + value);
        }
      }
    }
    ground.stream().synchronize();
  }

  private static void full(Ground ground) {
    KvCache cache = ground.own(ground.cache(ground.backend(), 3, 2, 4));
    int page = cache.spec().pageTokens();
    int first = cache.open();
    int second = cache.open();
    ground.refused("opening a third slot of two", GatunException.class, cache::open);
    cache.reserve(ground.stream(), first, 0, 2 * page);
    ground.refused("reserving more pages than are free", GatunException.class, () -> cache.reserve(ground.stream(), second, 0, 2 * page));
    ground.holds(cache.length(second) == 0 && cache.freePages() == 1, () -> "a refused reservation has taken pages");
    ground.refused("reserving more positions than a slot has", GatunException.class, () -> cache.reserve(ground.stream(), first, 2 * page, 4 * page + 1));
    cache.release(ground.stream(), first);
    ground.holds(cache.freePages() == 3, () -> "released pages are not free");
    cache.reserve(ground.stream(), second, 0, 2 * page);
    ground.stream().synchronize();
    ground.works(ground.backend(), "after the cache was full");
  }

  private static void integers(Ground ground) {
    for (DType type : new DType[] {DType.I32, DType.I8}) {
      ground.refused("a cache of " + type.label(), GatunException.class,
          () -> ground.backend().newKvCache(new KvCache.Spec(1, Ground.HEADS, SIZE, SIZE, type, 4, 4, 2, 8)).close());
    }
    ground.works(ground.backend(), "after the refusal");
  }

  /** Appends one token whose every element is {@code value}. */
  private static void append(Ground ground, KvCache cache, int slot, int position, float value) {
    ground.stream().run(appending(ground, cache, slot, position, value));
  }

  private static KvAppend appending(Ground ground, KvCache cache, int slot, int position, float... values) {
    Tensor k = tokens(ground, cache, values);
    return new KvAppend(k, k, batch(ground, slot, position, values.length), cache, 0);
  }

  /** Tokens, each of one value everywhere. */
  private static Tensor tokens(Ground ground, KvCache cache, float... values) {
    int each = Ground.HEADS * cache.spec().keySize();
    float[] all = new float[values.length * each];
    for (int i = 0; i < values.length; i++) {
      Arrays.fill(all, i * each, (i + 1) * each, values[i]);
    }
    return ground.backend().tensor(all, values.length, Ground.HEADS, cache.spec().keySize());
  }

  /** Tokens of one sequence from {@code position} on. */
  private static Ragged batch(Ground ground, int slot, int position, int tokens) {
    return new Ragged(ground.backend().tensor(new int[] {0, tokens}, 2), ground.backend().tensor(new int[] {slot}, 1),
        ground.backend().tensor(IntStream.range(position, position + tokens).toArray(), tokens));
  }

  private static void holds(Ground ground, KvCache cache, int slot, int position, float wanted) {
    for (KvCache.Part part : KvCache.Part.values()) {
      for (int head = 0; head < Ground.HEADS; head++) {
        for (float value : cache.read(ground.stream(), slot, 0, part, position, head)) {
          ground.holds(value == wanted, () -> "slot " + slot + ", position " + position + ": " + part + " is " + value + " instead of " + wanted);
        }
      }
    }
  }

  private static void fork(Ground ground) {
    KvCache cache = ground.own(ground.cache(ground.backend(), 8, 2, 4));
    int last = cache.spec().pageTokens() + 1;
    int slot = cache.open();
    cache.reserve(ground.stream(), slot, 0, last + 1);
    for (int i = 0; i <= last; i++) {
      append(ground, cache, slot, i, i + 1);
    }
    int copy = cache.fork(ground.stream(), slot);
    cache.reserve(ground.stream(), copy, last, last + 2);
    append(ground, cache, copy, last, 50);
    append(ground, cache, copy, last + 1, 60);
    for (int i = 0; i <= last; i++) {
      holds(ground, cache, slot, i, i + 1);
      holds(ground, cache, copy, i, i == last ? 50 : i + 1);
    }
    holds(ground, cache, copy, last + 1, 60);
    cache.release(ground.stream(), slot);
    holds(ground, cache, copy, 0, 1);
    ground.stream().synchronize();
  }

  /** A slot that gave its only page up may not write it any more: the token is dropped. */
  private static void givenUp(Ground ground) {
    KvCache cache = ground.own(ground.cache(ground.backend(), 1, 2, 1));
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
    KvCache cache = ground.cache(ground.backend(), 8, 2, 4);
    int slot = cache.open();
    cache.poison(ground.stream());
    cache.reserve(ground.stream(), slot, 0, cache.spec().slotTokens());
    ground.attempted("closing a cache in flight", cache::close);
    ground.works(ground.backend(), "with a cache closed while it was in flight");
    ground.stream().synchronize();
    cache.close();
  }

  /** What a cache maps, poisons and copies is done in the order of the stream, without a wait between. */
  private static void turn(Ground ground) {
    KvCache cache = ground.own(ground.cache(ground.backend(), 8, 2, 4));
    int page = cache.spec().pageTokens();
    for (int round = 0; round < 4; round++) {
      int slot = cache.open();
      cache.poison(ground.stream());
      cache.reserve(ground.stream(), slot, 0, page + 1);
      append(ground, cache, slot, page, round + 1);
      holds(ground, cache, slot, page, round + 1);
      float before = cache.read(ground.stream(), slot, 0, KvCache.Part.KEY, page - 1, 0)[0];
      ground.holds(Float.isNaN(before), () -> "a position that nothing was appended to reads as " + before + ", though its page was poisoned");
      cache.release(ground.stream(), slot);
    }
    ground.stream().synchronize();
  }

  private static Executable compiled(Ground ground, Operator operator) {
    return ground.own(ground.backend().compile(Program.of(operator)));
  }

  /**
   * What work in flight reads of a cache is what was there when it was submitted: pages that are copied, given up, mapped for another sequence and poisoned since change
   * after it, and before what is submitted next.
   */
  private static void changes(Ground ground) {
    KvCache cache = ground.own(ground.cache(ground.backend(), 5, 3, 3));
    int page = cache.spec().pageTokens();
    int last = 2 * page;
    int slot = cache.open();
    int next = cache.open();
    cache.reserve(ground.stream(), slot, 0, last + 1);
    float[] values = new float[last + 1];
    for (int i = 0; i <= last; i++) {
      values[i] = 1 + i / page;
    }
    ground.stream().run(appending(ground, cache, slot, 0, values));
    Tensor y = tokens(ground, cache, 0);
    Executable looking = compiled(ground, new Attention(tokens(ground, cache, 0.125f), new Kv.Paged(cache, 0), batch(ground, slot, last, 1),
        Attention.Options.causal(0.25f), Optional.empty(), y));
    Executable rewriting = compiled(ground, appending(ground, cache, slot, last, 7));
    Executable following = compiled(ground, appending(ground, cache, next, 0, 9));
    Tensor x = ground.zeros(ground.backend());
    Executable adding = ground.own(ground.adding(ground.backend(), x, 2 * ground.steps()));
    ground.stream().submit(looking);
    float[] seen = ground.stream().readFloats(y);
    ground.stream().write(y, new float[seen.length]);
    ground.stream().synchronize();

    ground.stream().submit(adding);
    ground.stream().submit(looking);
    ground.stream().submit(rewriting);
    int copy = cache.fork(ground.stream(), slot);
    cache.reserve(ground.stream(), copy, page, last + 1);
    cache.truncate(ground.stream(), slot, 0);
    cache.reserve(ground.stream(), next, 0, 1);
    cache.poison(ground.stream());
    ground.stream().submit(following);
    ground.stream().synchronize();

    float[] there = ground.stream().readFloats(y);
    ground.holds(Arrays.equals(seen, there), () -> "an attention in flight while its pages were copied, given up and poisoned gives " + there[0] + ", … instead of "
        + seen[0] + ", …: the cache changed before its turn");
    holds(ground, cache, next, 0, 9);
    holds(ground, cache, copy, 0, 1);
    holds(ground, cache, copy, page, 2);
    holds(ground, cache, copy, last, 7);
    ground.all("what was at work before them", ground.stream().readFloats(x), 2 * ground.steps());
  }
}
