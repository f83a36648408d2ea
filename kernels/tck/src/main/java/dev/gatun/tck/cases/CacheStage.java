package dev.gatun.tck.cases;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.KvCache;
import dev.gatun.Ragged;
import dev.gatun.Tensor;
import dev.gatun.tck.lab.Bounds;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Findings;
import dev.gatun.tck.lab.Keys;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Watch;
import dev.gatun.tck.lab.Workbench;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A cache, the sequences in it, and attentions over it that were compiled before there were any. */
final class CacheStage {
  /** Tokens of a sequence that the attention of several looks from. */
  private static final int SEVERAL = 4;
  private static final int GROUP = 2;

  /** An attention over all sequences, as large as there can be, with counts. */
  private final class View {
    final int tokens;
    final Tensor count;
    final Tensor starts;
    final Tensor slots;
    final Tensor positions;
    final List<Watch> layers = new ArrayList<>();

    View(int tokens) {
      KvCache.Spec spec = keys.cache().spec();
      int rows = tokens * spec.slots();
      int heads = spec.heads() * GROUP;
      this.tokens = tokens;
      this.count = bench.ints(0);
      Tensor sequences = bench.ints(0);
      this.starts = bench.ints(new int[spec.slots() + 1]);
      this.slots = bench.ints(new int[spec.slots()]);
      this.positions = bench.ints(new int[rows]);
      Tensor q = bench.input(DType.F32, Placement.PACKED, queries(rows * heads, spec.keySize()), rows, heads, spec.keySize());
      Tensor y = bench.output(DType.F32, rows, heads, spec.valueSize());
      for (int layer = 0; layer < spec.layers(); layer++) {
        Watch.of(bench, new Attention(q.withCount(count), new Kv.Paged(keys.cache(), layer),
            new Ragged(starts, slots.withCount(sequences), positions.withCount(count)),
                Attention.Options.causal((float) (1 / Math.sqrt(spec.keySize()))),
            Optional.empty(), y.withCount(count)), findings).ifPresent(layers::add);
      }
      this.sequences = sequences;
    }

    private final Tensor sequences;

    void look(String form) {
      int s = 0;
      int row = 0;
      bench.fill(starts, filled(starts, 1_000_000));
      bench.fill(slots, filled(slots, 99));
      bench.fill(positions, filled(positions, -1));
      bench.fill(starts.slice(0, 0, 1), 0);
      for (Map.Entry<Integer, Integer> one : lengths.entrySet()) {
        int length = one.getValue();
        bench.fill(slots.slice(0, s, s + 1), one.getKey());
        for (int position = Math.max(0, length - tokens); position < length; position++) {
          bench.fill(positions.slice(0, row, row + 1), position);
          row++;
        }
        s++;
        bench.fill(starts.slice(0, s, s + 1), row);
      }
      bench.fill(count, row);
      bench.fill(sequences, s);
      for (Watch layer : layers) {
        layer.look(form, keys.host(), Bounds.attention(DType.F32, keys.cache().spec().dtype()));
      }
    }
  }

  private final Workbench bench;
  private final Findings findings;
  private final Keys keys;
  private final long seed;
  private final Map<Integer, Integer> lengths = new TreeMap<>();
  private final List<View> views = new ArrayList<>();
  private int appends;

  CacheStage(Workbench bench, Findings findings, KvCache.Spec spec, long seed) {
    this.bench = bench;
    this.findings = findings;
    this.keys = Keys.of(bench, spec);
    this.seed = seed;
    for (int tokens : new int[] {1, SEVERAL}) {
      views.add(new View(tokens));
    }
  }

  /** Whether the attentions are served, and are to be run. */
  boolean isServed() {
    return views.stream().noneMatch(view -> view.layers.isEmpty());
  }

  /** The first element of every query is positive, so that keys can be made that outweigh all others. */
  private double[] queries(int heads, int size) {
    double[] q = Fill.NORMAL.values(seed, heads * size);
    for (int h = 0; h < heads; h++) {
      q[h * size] = 1 + Math.abs(q[h * size]);
    }
    return q;
  }

  private static double[] filled(Tensor tensor, int value) {
    double[] values = new double[Math.toIntExact(tensor.size(0))];
    Arrays.fill(values, value);
    return values;
  }

  KvCache cache() {
    return keys.cache();
  }

  int page() {
    return keys.cache().spec().pageTokens();
  }

  Map<Integer, Integer> lengths() {
    return lengths;
  }

  int open() {
    int slot = keys.open();
    lengths.put(slot, 0);
    return slot;
  }

  /** A new sequence of {@code n} positions. */
  int open(int n) {
    int slot = open();
    grow(slot, n);
    return slot;
  }

  /** {@code n} more positions, with ordinary contents. */
  void grow(int slot, int n) {
    grow(slot, n, false);
  }

  /** {@code n} more positions whose keys outweigh all others wherever they are seen. */
  void growLoud(int slot, int n) {
    grow(slot, n, true);
  }

  private void grow(int slot, int n, boolean loud) {
    int from = lengths.get(slot);
    keys.reserve(slot, from, from + n);
    lengths.put(slot, from + n);
    write(slot, from, n, loud);
  }

  /** Other contents at positions that the slot has pages of its own for. */
  void write(int slot, int from, int n, boolean loud) {
    KvCache.Spec spec = keys.cache().spec();
    for (int layer = 0; layer < spec.layers(); layer++) {
      double[] k = Fill.NORMAL.values(seed + ++appends, n * spec.heads() * spec.keySize());
      for (int h = 0; loud && h < n * spec.heads(); h++) {
        k[h * spec.keySize()] = 64 * Math.sqrt(spec.keySize());
      }
      keys.append(layer, slot, from, k, Fill.NORMAL.values(seed + ++appends, n * spec.heads() * spec.valueSize()));
    }
  }

  /** Pages for positions that nothing is appended to yet. */
  void reserve(int slot, int from, int to) {
    keys.reserve(slot, from, to);
  }

  int fork(int slot) {
    int copy = keys.fork(slot);
    lengths.put(copy, lengths.get(slot));
    return copy;
  }

  void truncate(int slot, int length) {
    keys.truncate(slot, length);
    lengths.merge(slot, length, Math::min);
  }

  void release(int slot) {
    keys.release(slot);
    lengths.remove(slot);
  }

  void poison() {
    keys.poison();
  }

  /** Every attention is right over what must be in the cache, and that is what is in it. */
  void look(String form) {
    views.forEach(view -> view.look(form));
    keys.verify(form, findings);
  }

  /** A count of the cache's own. */
  void free(int pages, String form) {
    int free = keys.cache().freePages();
    findings.check("pages", free == pages, () -> form + ": " + free + " pages are free, not " + pages);
  }
}
