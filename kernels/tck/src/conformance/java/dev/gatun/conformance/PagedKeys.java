package dev.gatun.conformance;

import dev.gatun.DType;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.Ragged;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Oracle;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One cache of the same content on every engine, and what it must hold, kept here in float64. Every free page is poisoned first. */
final class PagedKeys implements AutoCloseable {
  private record Place(KvCache.Part part, int layer, int slot, int position, int head) {}

  private final OperatorHarness harness;
  private final Map<Engine, KvCache> caches = new HashMap<>();
  private final Map<Place, double[]> held = new HashMap<>();
  private final KvCache.Spec spec;

  PagedKeys(OperatorHarness harness, KvCache.Spec spec) {
    this.harness = harness;
    this.spec = spec;
    for (Engine engine : harness.engines()) {
      KvCache cache = engine.backend().newKvCache(spec);
      cache.poison(engine.stream());
      caches.put(engine, cache);
    }
  }

  static KvCache.Spec spec(int heads, int size, DType dtype) {
    return new KvCache.Spec(2, heads, size, size, dtype, 4, 24, 4, 40);
  }

  KvCache on(Engine engine) {
    return caches.get(engine);
  }

  KvCache first() {
    return on(harness.engines().getFirst());
  }

  int open() {
    return caches.values().stream().mapToInt(KvCache::open).max().orElseThrow();
  }

  void reserve(int slot, int from, int to) {
    caches.forEach((engine, cache) -> cache.reserve(engine.stream(), slot, from, to));
  }

  int fork(int slot) {
    int copy = caches.entrySet().stream().mapToInt(e -> e.getValue().fork(e.getKey().stream(), slot)).max().orElseThrow();
    Map<Place, double[]> copies = new HashMap<>();
    held.forEach((place, values) -> {
      if (place.slot == slot) {
        copies.put(new Place(place.part, place.layer, copy, place.position, place.head), values);
      }
    });
    held.putAll(copies);
    return copy;
  }

  void truncate(int slot, int length) {
    caches.forEach((engine, cache) -> cache.truncate(engine.stream(), slot, length));
    held.keySet().removeIf(place -> place.slot == slot && place.position >= length);
  }

  void release(int slot) {
    caches.forEach((engine, cache) -> cache.release(engine.stream(), slot));
    held.keySet().removeIf(place -> place.slot == slot);
  }

  void poison() {
    caches.forEach((engine, cache) -> cache.poison(engine.stream()));
  }

  /** The batch of {@code positions[i]} in {@code slots[i]}. */
  Ragged batch(int[] slots, int[]... positions) {
    int[] starts = new int[slots.length + 1];
    for (int s = 0; s < slots.length; s++) {
      starts[s + 1] = starts[s] + positions[s].length;
    }
    return new Ragged(harness.ints(starts), harness.ints(slots), harness.ints(Arrays.stream(positions).flatMapToInt(Arrays::stream)
        .toArray()));
  }

  /** Appends on every engine, in both layers, keys and values of {@code k} and {@code v}; layer 1 gets them swapped where their sizes
   * agree. */
  void append(Ragged batch, int[] slots, int[][] positions, Tensor k, Tensor v) {
    boolean swap = spec.keySize() == spec.valueSize();
    for (int layer = 0; layer < spec.layers(); layer++) {
      Tensor keys = swap && layer == 1 ? v : k;
      Tensor values = swap && layer == 1 ? k : v;
      Map<String, double[]> kept = Oracle.compute(new KvAppend(keys, values, batch, first(), layer), Host.buffers());
      for (Engine engine : harness.engines()) {
        harness.run(engine, new KvAppend(keys, values, batch, on(engine), layer));
      }
      int token = 0;
      for (int s = 0; s < slots.length; s++) {
        for (int position : positions[s]) {
          hold(layer, slots[s], position, token++, kept);
        }
      }
    }
  }

  private void hold(int layer, int slot, int position, int token, Map<String, double[]> kept) {
    for (int head = 0; head < spec.heads(); head++) {
      int at = token * spec.heads() + head;
      held.put(new Place(KvCache.Part.KEY, layer, slot, position, head),
          Arrays.copyOfRange(kept.get("k"), at * spec.keySize(), (at + 1) * spec.keySize()));
      held.put(new Place(KvCache.Part.VALUE, layer, slot, position, head),
          Arrays.copyOfRange(kept.get("v"), at * spec.valueSize(), (at + 1) * spec.valueSize()));
    }
  }

  /** What must be there: what was appended, or else poison. */
  double[] expected(KvCache.Part part, int layer, int slot, int position, int head) {
    double[] values = held.get(new Place(part, layer, slot, position, head));
    if (values != null) {
      return values;
    }
    double[] poison = new double[part == KvCache.Part.KEY ? spec.keySize() : spec.valueSize()];
    Arrays.fill(poison, Double.NaN);
    return poison;
  }

  Host host() {
    return Host.withCache(cache -> this::expected);
  }

  List<Engine> engines() {
    return harness.engines();
  }

  @Override
  public void close() {
    // What a cache does in the order of a stream may still be under way.
    caches.keySet().forEach(engine -> engine.stream().synchronize());
    caches.values().forEach(KvCache::close);
  }
}
