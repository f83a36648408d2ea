package dev.gatun.tck.example;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.KvCache;
import java.util.Optional;

/** Attention a token and a head at a time: all scores to scratch, then the weighted sum of the values. */
final class AttentionKernel {
  private static final long NOWHERE = -1;

  private final Attention op;
  private final Defect defect;
  private final Values q;
  private final Values y;
  private final Sequences sequences;
  private final Keys keys;
  private final Optional<Values> sinks;
  private final Values scores;
  private final Values sums;
  private final int size;
  private final int valueSize;

  private AttentionKernel(Attention op, Binding at) {
    this.op = op;
    this.defect = at.defect();
    this.q = at.values(op.q());
    this.y = at.values(op.y());
    this.sequences = Sequences.of(at, op.batch(), op.q(), op.y(), op.batch().positions());
    this.keys = switch (op.kv()) {
      case Kv.Dense dense -> new DenseKeys(at.values(dense.k()), at.values(dense.v()), at.values(dense.starts()));
      case Kv.Paged paged -> new PagedKeys((ExampleCache) paged.cache().device(), paged.cache().spec(), paged.layer());
    };
    this.sinks = op.sinks().map(at::values);
    this.size = (int) op.q().size(2);
    this.valueSize = (int) op.y().size(2);
    this.scores = at.scratch(DType.F32, 0, context(op));
    this.sums = at.scratch(DType.F32, context(op), valueSize);
  }

  /** The elements of scratch that {@link #attention} needs: the scores of one token and head, and its sums. */
  static long scratch(Attention op) {
    return context(op) + op.y().size(2);
  }

  /** The most keys that a token sees, and one more. */
  static long context(Attention op) {
    return 1 + switch (op.kv()) {
      case Kv.Dense dense -> dense.k().size(0);
      case Kv.Paged paged -> paged.cache().spec().slotTokens();
    };
  }

  /** Where the keys and values of a sequence lie; −1 for a position that is nowhere. */
  private interface Keys {
    int heads();

    int number(int sequence, int lastPosition);

    long key(int sequence, int slot, int position, int head);

    long value(int sequence, int slot, int position, int head);

    Values keys();

    Values values();
  }

  private record DenseKeys(Values keys, Values values, Values starts) implements Keys {
    @Override
    public int heads() {
      return keys.size(1);
    }

    @Override
    public int number(int sequence, int lastPosition) {
      return starts.integer(sequence + 1L) - starts.integer(sequence);
    }

    private long index(Values of, int sequence, int position, int head) {
      int row = starts.integer(sequence) + position;
      return row < of.size(0) ? row * of.stride(0) + head * of.stride(1) : NOWHERE;
    }

    @Override
    public long key(int sequence, int slot, int position, int head) {
      return index(keys, sequence, position, head);
    }

    @Override
    public long value(int sequence, int slot, int position, int head) {
      return index(values, sequence, position, head);
    }
  }

  private record PagedKeys(ExampleCache cache, KvCache.Spec spec, int layer) implements Keys {
    @Override
    public int heads() {
      return spec.heads();
    }

    @Override
    public int number(int sequence, int lastPosition) {
      return Math.min(spec.slotTokens(), lastPosition + 1);
    }

    private long index(int slot, int position, int head, KvCache.Part part) {
      int page = cache.page(slot, position);
      return page < 0 ? NOWHERE : cache.index(layer, page, position % spec.pageTokens(), head, part);
    }

    @Override
    public long key(int sequence, int slot, int position, int head) {
      return index(slot, position, head, KvCache.Part.KEY);
    }

    @Override
    public long value(int sequence, int slot, int position, int head) {
      return index(slot, position, head, KvCache.Part.VALUE);
    }

    @Override
    public Values keys() {
      return cache.values();
    }

    @Override
    public Values values() {
      return cache.values();
    }
  }

  static Runnable attention(Attention op, Binding at) {
    return new AttentionKernel(op, at)::run;
  }

  private void run() {
    int tokens = sequences.tokens().getAsInt();
    for (int t = 0; t < tokens; t++) {
      for (int h = 0; h < y.size(1); h++) {
        for (int i = 0; i < valueSize; i++) {
          y.set(t * y.stride(0) + h * y.stride(1) + i, 0);
        }
      }
    }
    for (int s = 0; s < sequences.number().getAsInt(); s++) {
      int end = sequences.end(s);
      int first = sequences.first(s);
      int number = first < end ? keys.number(s, sequences.positions().integer(end - 1L)) : 0;
      for (int t = first; t < end; t++) {
        for (int h = 0; h < q.size(1); h++) {
          attend(s, t, h, number);
        }
      }
    }
  }

  private void attend(int sequence, int t, int h, int number) {
    int slot = sequences.slots().integer(sequence);
    int position = sequences.positions().integer(t);
    int from = first(position);
    int end = end(position, number);
    int group = q.size(1) / keys.heads();
    int head = defect == Defect.GQA_HEADS_INTERLEAVED ? h % keys.heads() : h / group;
    float largest = sinks.isPresent() ? sinks.get().get(h) : Float.NEGATIVE_INFINITY;
    boolean any = false;
    for (int j = from; j < end; j++) {
      long key = keys.key(sequence, slot, j, head);
      float score = key == NOWHERE ? Float.NEGATIVE_INFINITY : score(t * q.stride(0) + h * q.stride(1), key);
      any |= key != NOWHERE;
      scores.set(j - from, score);
      largest = Math.max(largest, score);
    }
    if (!any) {
      return;
    }
    for (int i = 0; i < valueSize; i++) {
      sums.set(i, 0);
    }
    float sum = sinks.isPresent() && defect != Defect.SINK_FORGOTTEN ? (float) Math.exp(sinks.get().get(h) - largest) : 0;
    for (int j = from; j < end; j++) {
      float weight = (float) Math.exp(scores.get(j - from) - largest);
      sum += weight;
      add(keys.value(sequence, slot, j, head), weight);
    }
    if (defect == Defect.STALE_KV_READ) {
      add(keys.value(sequence, slot, number, head), 0);
    }
    for (int i = 0; i < valueSize; i++) {
      y.set(t * y.stride(0) + h * y.stride(1) + i, sums.get(i) / sum);
    }
  }

  private int first(int position) {
    int window = op.options().window();
    if (window == 0 || defect == Defect.WINDOW_IGNORED) {
      return 0;
    }
    return Math.max(0, position - window + (defect == Defect.WINDOW_OFF_BY_ONE ? 0 : 1));
  }

  private int end(int position, int number) {
    if (!op.options().causal()) {
      return defect == Defect.KEY_PAST_THE_END ? number + 1 : number;
    }
    return Math.min(number, position + (defect == Defect.MASK_OFF_BY_ONE ? 2 : 1));
  }

  private float score(long query, long key) {
    float dot = 0;
    for (int i = 0; i < size; i++) {
      dot += q.get(query + i) * keys.keys().get(key + i);
    }
    float scaled = defect == Defect.ATTENTION_SCALE_FORGOTTEN ? dot : op.options().scale() * dot;
    boolean caps = op.options().softcap() > 0 && defect != Defect.ATTENTION_SOFTCAP_IGNORED;
    return caps ? ElementwiseKernels.capped(scaled, op.options().softcap()) : scaled;
  }

  private void add(long value, float weight) {
    for (int i = 0; i < valueSize && value != NOWHERE; i++) {
      sums.set(i, sums.get(i) + weight * keys.values().get(value + i));
    }
  }
}
