package dev.gatun.tck.lab;

import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.KvCache.Part;
import dev.gatun.Ragged;
import dev.gatun.Tensor;
import dev.gatun.tck.CaseException;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Oracle;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * A paged cache of the backend's own, and beside it what it must hold, which is where the oracle looks. Every page is poisoned at first,
 * and a position that
 * nothing was appended to is expected to be NaN; after pages were freed without being poisoned ({@link #poison}), what they hold when they
 * are taken again is
 * unknown. Closed with its bench.
 */
public final class Keys {
  /** Positions that are appended at a time, so that long contexts need little memory beside the cache. */
  private static final int CHUNK = 4096;

  /** What a slot must hold; every dtype of a cache has only values that F32 has. */
  private final class Sequence {
    final float[][] keys = new float[spec.layers()][];
    final float[][] values = new float[spec.layers()][];
    final BitSet unknown = new BitSet();
    int pages;

    float[] part(Part part, int layer) {
      float[][] all = part == Part.KEY ? keys : values;
      int before = all[layer] == null ? 0 : all[layer].length;
      int needed = Math.multiplyExact(pages * spec.pageTokens(), row(part));
      if (before < needed || all[layer] == null) {
        all[layer] = before == 0 ? new float[needed] : Arrays.copyOf(all[layer], needed);
        Arrays.fill(all[layer], before, needed, Float.NaN);
      }
      return all[layer];
    }

    void forget(int page) {
      int from = page * spec.pageTokens();
      int to = from + spec.pageTokens();
      for (int layer = 0; layer < spec.layers(); layer++) {
        for (Part part : Part.values()) {
          float[] all = (part == Part.KEY ? keys : values)[layer];
          if (all != null && all.length >= to * row(part)) {
            Arrays.fill(all, from * row(part), to * row(part), Float.NaN);
          }
        }
      }
      unknown.set(from, to, stale);
    }
  }

  private final Workbench bench;
  private final KvCache.Spec spec;
  private final KvCache cache;
  private final Map<Integer, Sequence> sequences = new HashMap<>();
  private boolean stale;

  private Keys(Workbench bench, KvCache cache) {
    this.bench = bench;
    this.cache = cache;
    this.spec = cache.spec();
  }

  /**
   * A new, poisoned cache.
   *
   * @throws UnservedException with the backend's reason, if it makes none of this kind
   * @throws CaseException if no case may have one so large
   */
  public static Keys of(Workbench bench, KvCache.Spec spec) {
    double bytes = (double) spec.layers() * spec.pages() * spec.pageTokens() * spec.bytesPerTokenAndLayer();
    if (bytes > Workbench.MOST_BYTES) {
      throw new CaseException("a cache of " + (long) bytes + " bytes is too large for a case: there may be " + Workbench.MOST_BYTES);
    }
    return Calls.of(() -> opened(bench, spec));
  }

  private static Keys opened(Workbench bench, KvCache.Spec spec) {
    KvCache cache = bench.own(Workbench.cache(bench.backend(), spec));
    Keys keys = new Keys(bench, cache);
    cache.poison(bench.stream());
    return keys;
  }

  /** The cache. */
  public KvCache cache() {
    return cache;
  }

  /** A new, empty sequence's slot. */
  public int open() {
    int slot = Calls.of(cache::open);
    sequences.put(slot, new Sequence());
    return slot;
  }

  /** Pages for the positions {@code from} to {@code to} (exclusive). */
  public void reserve(int slot, int from, int to) {
    Calls.run(() -> cache.reserve(bench.stream(), slot, from, to));
    Sequence sequence = sequences.get(slot);
    int before = sequence.pages;
    sequence.pages = from < to ? Math.max(before, Math.ceilDiv(to, spec.pageTokens())) : before;
    for (int page = before; page < sequence.pages; page++) {
      sequence.forget(page);
    }
  }

  /** Shares the pages of a sequence with a new one, whose slot is returned. */
  public int fork(int slot) {
    int copy = Calls.of(() -> cache.fork(bench.stream(), slot));
    Sequence from = sequences.get(slot);
    Sequence to = new Sequence();
    for (int layer = 0; from.pages > 0 && layer < spec.layers(); layer++) {
      to.keys[layer] = from.part(Part.KEY, layer).clone();
      to.values[layer] = from.part(Part.VALUE, layer).clone();
    }
    to.unknown.or(from.unknown);
    to.pages = from.pages;
    sequences.put(copy, to);
    return copy;
  }

  /** Forgets positions; those in a page that stays keep what they hold. */
  public void truncate(int slot, int length) {
    Calls.run(() -> cache.truncate(bench.stream(), slot, length));
    cut(sequences.get(slot), length);
  }

  /** Ends a sequence. */
  public void release(int slot) {
    Calls.run(() -> cache.release(bench.stream(), slot));
    cut(sequences.remove(slot), 0);
  }

  private void cut(Sequence sequence, int length) {
    int kept = Math.min(sequence.pages, Math.ceilDiv(length, spec.pageTokens()));
    stale |= kept < sequence.pages;
    for (int page = kept; page < sequence.pages; page++) {
      sequence.forget(page);
    }
    sequence.pages = kept;
  }

  /** Poisons every page that no slot holds. */
  public void poison() {
    Calls.run(() -> cache.poison(bench.stream()));
    stale = false;
  }

  /** Appends, by the backend, keys {@code [n, heads, keySize]} and values to the positions from {@code from} on, in one layer. */
  public void append(int layer, int slot, int from, double[] k, double[] v) {
    int n = k.length / row(Part.KEY);
    for (int done = 0; done < n; done += CHUNK) {
      int rows = Math.min(CHUNK, n - done);
      try (Staging staging = new Staging(bench)) {
        int first = from + done;
        int[] positions = new int[rows];
        Arrays.setAll(positions, i -> first + i);
        Ragged batch = new Ragged(staging.ints(0, rows), staging.ints(slot), staging.ints(positions));
        KvAppend append = new KvAppend(staging.floats(k, done * row(Part.KEY), rows, spec.heads(), spec.keySize()),
            staging.floats(v, done * row(Part.VALUE), rows, spec.heads(), spec.valueSize()), batch, cache, layer);
        Map<String, double[]> kept = Oracle.compute(append, Host.buffers());
        if (!bench.lab().isPlanning()) {
          Calls.run(() -> bench.stream().run(append.with(staging::onDevice)));
        }
        for (int i = 0; i < rows; i++) {
          hold(layer, slot, first + i, i, kept);
        }
      }
    }
  }

  /** Notes that token {@code token} of an append's result belongs at a position, which is dropped where there is no page. */
  public void hold(int layer, int slot, int position, int token, Map<String, double[]> kept) {
    Sequence sequence = sequences.get(slot);
    if (sequence == null || position < 0 || position >= Math.min(spec.slotTokens(), sequence.pages * spec.pageTokens())) {
      return;
    }
    for (Part part : Part.values()) {
      double[] all = kept.get(part == Part.KEY ? "k" : "v");
      float[] to = sequence.part(part, layer);
      for (int i = 0; i < row(part); i++) {
        to[position * row(part) + i] = (float) all[token * row(part) + i];
      }
    }
  }

  private int row(Part part) {
    return spec.heads() * (part == Part.KEY ? spec.keySize() : spec.valueSize());
  }

  /** What must be there: what was appended, or NaN. */
  private double[] expected(Part part, int layer, int slot, int position, int head) {
    int size = row(part) / spec.heads();
    double[] values = new double[size];
    Sequence sequence = sequences.get(slot);
    if (sequence == null || position < 0 || position >= Math.min(spec.slotTokens(), sequence.pages * spec.pageTokens())) {
      Arrays.fill(values, Double.NaN);
      return values;
    }
    float[] held = sequence.part(part, layer);
    for (int i = 0; i < size; i++) {
      values[i] = held[position * row(part) + head * size + i];
    }
    return values;
  }

  /** Where the oracle finds what is in the cache. */
  public Host host() {
    return Host.withCache(_ -> this::expected);
  }

  /** That the cache holds exactly what it must, in every page of every slot and layer. @throws CheckException if not */
  public void verify(String form, Findings findings) {
    sequences.forEach((slot, sequence) -> {
      int end = Math.min(spec.slotTokens(), sequence.pages * spec.pageTokens());
      for (int layer = 0; layer < spec.layers(); layer++) {
        for (int position = 0; position < end; position++) {
          for (int head = 0; head < spec.heads() && (!sequence.unknown.get(position) || appended(sequence, layer, position)); head++) {
            for (Part part : Part.values()) {
              verify(form, part, layer, slot, position, head, findings);
            }
          }
        }
      }
    });
  }

  private boolean appended(Sequence sequence, int layer, int position) {
    return !Float.isNaN(sequence.part(Part.KEY, layer)[position * row(Part.KEY)]);
  }

  private void verify(String form, Part part, int layer, int slot, int position, int head, Findings findings) {
    double[] expected = expected(part, layer, slot, position, head);
    float[] actual = cache.read(bench.stream(), slot, layer, part, position, head);
    for (int i = 0; i < expected.length; i++) {
      int at = i;
      findings.check("cache", expected[i] == actual[i] || Double.isNaN(expected[i]) && Float.isNaN(actual[i]),
          () -> form + ": " + part + " element " + at + " of slot " + slot + ", layer " + layer + ", position " + position + ", head "
              + head + " is "
              + actual[at] + ", not " + expected[at]);
    }
  }
}
