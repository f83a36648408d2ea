package dev.gatun.cpu.op;

import static dev.gatun.cpu.op.View.FLOAT;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.cpu.format.Dequantizer;
import dev.gatun.cpu.format.Quantizer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;

/** The step that goes over keys and values. */
final class AttentionUnits implements Step {
  private static final int TILE = AttentionScratch.TILE;
  private static final long WEIGHT_ROW = 4L * TILE;

  private final RowMath math;
  private final AttentionKernel.Cut cut;
  private final AttentionScratch layout;
  private final Scratch scratch;
  private final MemorySegment memory;
  private final Rows rows;
  private final Sequences sequences;
  private final KvRows kv;
  private final Optional<TileAttention> tiles;
  private final Optional<LatentExpansion> expansion;
  private final AttentionShape shape;
  private final Dequantizer kept;
  private final View q;
  private final Optional<View> tail;
  private final Dequantizer queries;
  private final View y;
  private final Quantizer results;
  private final Optional<View> sinks;
  private final Attention.Options options;
  private final int heads;
  private final int group;
  private final int keySize;
  private final int valueSize;
  private final long keyRow;
  private final long valueRow;
  private final float[] slopes;
  private final long partials;
  private final long partialBytes;

  /** Over {@code in}, in the workspace from byte {@code from} on. */
  AttentionUnits(AttentionShape shape, AttentionInputs in, AttentionKernel.Cut cut, RowMath math, Optional<TileAttention> tiles, Optional<LatentExpansion> expansion,
      Binding binding, long from) {
    this.math = math;
    this.cut = cut;
    this.shape = shape;
    this.layout = AttentionScratch.of(shape, cut, tiles);
    this.tiles = tiles;
    this.expansion = expansion;
    this.scratch = Scratch.of(binding, from, layout.bytes());
    this.memory = scratch.memory();
    this.rows = in.rows();
    this.sequences = in.sequences();
    this.kv = in.kv();
    this.kept = Dequantizer.of(shape.kept());
    this.q = in.q();
    this.tail = in.tail();
    this.queries = Dequantizer.of(q.dtype());
    this.y = in.y();
    this.results = Quantizer.of(y.dtype());
    this.sinks = in.sinks();
    this.options = in.options();
    this.heads = shape.heads();
    this.group = shape.group();
    this.keySize = shape.keySize();
    this.valueSize = shape.valueSize();
    this.keyRow = Scratch.align(4L * keySize);
    this.valueRow = Scratch.align(4L * valueSize);
    this.slopes = new float[shape.queryHeads()];
    for (int head = 0; head < slopes.length; head++) {
      slopes[head] = options.slope(head, slopes.length);
    }
    this.partials = scratch.base() + Scratch.bytes(binding.workers(), layout.bytes());
    this.partialBytes = shape.partialBytes();
  }

  /** What the steps take of the workspace. */
  static long workspace(AttentionShape shape, AttentionKernel.Cut cut, Optional<TileAttention> tiles, int workers) {
    return Scratch.bytes(workers, AttentionScratch.of(shape, cut, tiles).bytes())
        + (cut.ranges() == 1 ? 0 : shape.tokens() * shape.queryHeads() * cut.ranges() * shape.partialBytes());
  }

  /** This one, and the one that merges the ranges of tokens that see more than one. */
  List<Step> steps() {
    return cut.ranges() == 1 ? List.of(this) : List.of(this, new Merge(this));
  }

  @Override
  public int units() {
    return Math.ceilDiv(rows.indices(), cut.block()) * heads * ranges();
  }

  /** Ranges up to the furthest that a token of this run sees. */
  private int ranges() {
    if (cut.ranges() == 1) {
      return 1;
    }
    int furthest = 1;
    for (int token = 0, n = rows.indices(); token < n; token++) {
      int sequence = sequences.of(token);
      furthest = sequence < 0 ? furthest : Math.max(furthest, Math.ceilDiv(last(token, length(sequence)), cut.range()));
    }
    return Math.min(furthest, cut.ranges());
  }

  /** The number of keys of a sequence in this run. */
  private int length(int sequence) {
    int end = sequences.end(sequence);
    return kv.length(sequence, sequences.position(end - 1));
  }

  /** The first position that a token sees. */
  private int first(int token) {
    int window = options.window();
    return window == 0 ? 0 : (int) Math.max(0, sequences.position(token) - (long) window + 1);
  }

  /** The position past the last one that a token sees. */
  private int last(int token, int length) {
    return options.causal() ? Math.clamp(sequences.position(token) + 1L, 0, length) : length;
  }

  @Override
  public void run(int from, int to, int worker) {
    int ranges = ranges();
    int tokens = rows.indices();
    int begun = -1;
    for (int unit = from; unit < to; unit++) {
      int range = unit % ranges;
      int head = unit / ranges % heads;
      int token = unit / ranges / heads * cut.block();
      int end = Math.min(tokens, token + cut.block());
      if (expansion.isPresent() && head != begun) {
        expansion.get().begin(head, memory, scratch.of(worker) + layout.expansion());
        begun = head;
      }
      while (token < end) {
        int sequence = sequences.of(token);
        int next = sequence < 0 ? token + 1 : Math.min(end, sequences.end(sequence));
        if (sequence < 0) {
          if (range == 0) {
            withoutKeys(token, head, worker);
          }
        } else {
          attend(sequence, token, next, head, range, worker);
        }
        token = next;
      }
    }
  }

  private void withoutKeys(int token, int head, int worker) {
    long into = scratch.of(worker) + layout.result();
    for (int i = 0; i < valueSize; i++) {
      memory.set(FLOAT, into + 4L * i, 0);
    }
    for (int g = 0; g < group; g++) {
      results.row(memory, into, y.memory(), resultAt(token, head * group + g), valueSize);
    }
  }

  private long resultAt(int token, int queryHead) {
    return y.offset() + token * y.strideBytes(0) + queryHead * y.strideBytes(1);
  }

  /** One key/value head's queries of the tokens {@code from} to {@code to} of a sequence, over one range of positions. */
  private void attend(int sequence, int from, int to, int head, int range, int worker) {
    int length = length(sequence);
    int low = Integer.MAX_VALUE;
    int high = 0;
    for (int token = from; token < to; token++) {
      int first = first(token);
      int last = last(token, length);
      if (first < last) {
        low = Math.min(low, first);
        high = Math.max(high, last);
      }
    }
    boolean alone = isAlone(low, high);
    if (alone ? range != Math.min(low, high) / cut.range() : range < low / cut.range() || range > (high - 1) / cut.range()) {
      return;
    }
    long base = scratch.of(worker);
    int count = (to - from) * group;
    clear(base, count);
    if (shape.gathered()) {
      gather(from, head, count, base + layout.queries());
    }
    boolean tiled = tiles.isPresent() && tiles.get().serves(sequences.tokens(sequence) * group);
    if (tiled) {
      tiles.get().begin(queryMemory(), query(from, head, 0, base), queryTokenBytes(), queryHeadBytes(), to - from, group, keySize, valueSize, memory,
          base + layout.work());
    }
    int end = alone ? high : (int) Math.min(high, (range + 1L) * cut.range());
    for (int position = alone ? Math.min(low, high) : Math.max(low, range * cut.range()); position < end;) {
      int next = Math.min(Math.min(end, kv.stretch(position)), position / TILE * TILE + TILE);
      tile(sequence, from, to, head, length, position, next, base, tiled);
      position = next;
    }
    for (int row = 0; row < count && !alone; row++) {
      keep(from + row / group, head * group + row % group, range, base, row);
    }
    for (int token = from; token < to && alone; token++) {
      finish(token, head, length, base, (token - from) * group);
    }
  }

  /** Whether what a token sees lies in one range, whose unit then writes the result itself. */
  private boolean isAlone(int low, int high) {
    return high <= low || low / cut.range() == (high - 1) / cut.range();
  }

  private void gather(int token, int head, int count, long into) {
    for (int row = 0; row < count; row++) {
      queries.row(q.memory(), at(q, token, head, row), memory, into + row * keyRow, q.size(2));
      if (tail.isPresent()) {
        View rest = tail.get();
        queries.row(rest.memory(), at(rest, token, head, row), memory, into + row * keyRow + 4L * q.size(2), rest.size(2));
      }
    }
  }

  private MemorySegment queryMemory() {
    return shape.gathered() ? memory : q.memory();
  }

  /** Where the query of a row is, of those that begin with {@code token}. */
  private long query(int token, int head, int row, long base) {
    return shape.gathered() ? base + layout.queries() + row * keyRow : at(q, token, head, row);
  }

  private long queryTokenBytes() {
    return shape.gathered() ? group * keyRow : q.strideBytes(0);
  }

  private long queryHeadBytes() {
    return shape.gathered() ? keyRow : q.strideBytes(1);
  }

  private long at(View view, int token, int head, int row) {
    return view.offset() + (token + row / group) * view.strideBytes(0) + (head * group + row % group) * view.strideBytes(1);
  }

  private void clear(long base, int count) {
    for (int row = 0; row < count; row++) {
      memory.set(FLOAT, base + layout.state() + 8L * row, Float.NEGATIVE_INFINITY);
      memory.set(FLOAT, base + layout.state() + 8L * row + 4, 0);
    }
    for (long at = base + layout.sums(), end = at + count * valueRow; at < end; at += 4) {
      memory.set(FLOAT, at, 0);
    }
  }

  /** The positions {@code position} to {@code next}, which follow each other in memory. */
  private void tile(int sequence, int from, int to, int head, int length, int position, int next, long base, boolean tiled) {
    long place = kv.place(sequence, position);
    MemorySegment keys = kv.keys();
    MemorySegment values = kv.values();
    long key = 0;
    long value = 0;
    long keyStride = kv.keyStride();
    long valueStride = kv.valueStride();
    if (place >= 0) {
      key = kv.key(place, position, head);
      value = kv.value(place, position, head);
      boolean widened = shape.widened() && (!tiled || tiles.get().takesFloats());
      if (expansion.isPresent()) {
        expansion.get().expand(keys, key, keyStride, next - position, head, memory, base + layout.expansion(), base + layout.keys(), keyRow, base + layout.values(),
            valueRow);
      } else if (widened) {
        math.widen(kept, keys, key, keyStride, next - position, memory, base + layout.keys(), keyRow, keySize);
        if (!shape.latent()) {
          math.widen(kept, values, value, valueStride, next - position, memory, base + layout.values(), valueRow, valueSize);
        }
      }
      if (widened || expansion.isPresent()) {
        keys = memory;
        values = memory;
        key = base + layout.keys();
        value = base + layout.values();
        keyStride = keyRow;
        valueStride = shape.latent() ? keyRow : valueRow;
      }
      if (tiled) {
        attendTile(tiles.get(), from, to, head, length, position, next, keys, key, keyStride, values, value, valueStride, base);
        return;
      }
    }
    for (int token = from; token < to; token++) {
      int a = Math.max(position, first(token));
      int b = Math.min(next, last(token, length));
      if (a >= b) {
        continue;
      }
      int row = (token - from) * group;
      if (place < 0) {
        for (int g = 0; g < group; g++) {
          memory.set(FLOAT, base + layout.state() + 8L * (row + g) + 4, Float.NaN);
        }
      } else {
        update(queryMemory(), query(from, head, row, base), queryHeadBytes(), keys, key + (a - position) * keyStride, keyStride, values, value + (a - position) * valueStride,
            valueStride, b - a, base, row, head * group, a - sequences.position(token));
      }
    }
  }

  private void attendTile(TileAttention attention, int from, int to, int head, int length, int position, int next, MemorySegment keys, long key, long keyStride,
      MemorySegment values, long value, long valueStride, long base) {
    for (int token = from; token < to; token++) {
      long at = base + layout.bounds() + 8L * (token - from);
      memory.set(ValueLayout.JAVA_INT, at, first(token) - position);
      memory.set(ValueLayout.JAVA_INT, at + 4, last(token, length) - position);
    }
    attention.attend(queryMemory(), query(from, head, 0, base), queryTokenBytes(), queryHeadBytes(), to - from, group, keys, key, keyStride, keySize, values, value, valueStride, valueSize,
        next - position, options.scale(), memory, base, layout.state(), layout.sums(), valueRow, layout.bounds(), layout.work());
  }

  /** Scores of positions from {@code distance} after a token's own on lose ALiBi's slope times how far away they are. */
  private void lower(long scores, int count, float slope, int distance) {
    for (int j = 0; j < count; j++) {
      long at = scores + 4L * j;
      memory.set(FLOAT, at, memory.get(FLOAT, at) - slope * Math.abs(distance + j));
    }
  }

  /**
   * The softmax of a group's rows, the first of them {@code row} and of {@code queryHead}, goes on over {@code count} keys and values, the first of them
   * {@code distance} positions after the token's own.
   */
  private void update(MemorySegment query, long at, long queryStride, MemorySegment keys, long key, long keyStride, MemorySegment values,
      long value, long valueStride, int count, long base, int row, int queryHead, int distance) {
    long weights = base + layout.weights();
    math.dots(query, at, queryStride, group, keys, key, keyStride, count, keySize, options.scale(), memory, weights, WEIGHT_ROW);
    for (int g = 0; g < group; g++) {
      if (options.softcap() > 0) {
        math.softcap(memory, weights + g * WEIGHT_ROW, options.softcap(), memory, weights + g * WEIGHT_ROW, count);
      }
      if (options.maxBias() > 0) {
        lower(weights + g * WEIGHT_ROW, count, slopes[queryHead + g], distance);
      }
      weigh(weights + g * WEIGHT_ROW, count, base + layout.sums() + (row + g) * valueRow, base + layout.state() + 8L * (row + g));
    }
    math.accumulate(memory, weights, WEIGHT_ROW, group, count, values, value, valueStride, memory, base + layout.sums() + row * valueRow, valueRow,
        valueSize);
  }

  /** Turns one row's scores into weights, and what was summed before into terms of the largest score so far. */
  private void weigh(long weights, int count, long sums, long state) {
    float before = memory.get(FLOAT, state);
    float largest = Math.max(before, math.max(memory, weights, count));
    float sum = memory.get(FLOAT, state + 4);
    if (largest != before) {
      float shrink = (float) Math.exp(before - largest);
      math.scale(memory, sums, shrink, memory, sums, valueSize);
      sum *= shrink;
      memory.set(FLOAT, state, largest);
    }
    // While every score is −∞ the weights are 0, not the NaN of their difference.
    float shift = largest == Float.NEGATIVE_INFINITY ? 0 : largest;
    memory.set(FLOAT, state + 4, sum + math.exp(memory, weights, shift, 1, memory, weights, count));
  }

  /** Writes the results of a group's heads for a token, the first of them from row {@code row}. */
  private void finish(int token, int head, int length, long base, int row) {
    boolean blind = first(token) >= last(token, length);
    long states = base + layout.state() + 8L * row;
    for (int g = 0; g < group; g++) {
      long state = states + 8L * g;
      memory.set(FLOAT, state + 4, blind ? 0 : factor(head * group + g, memory.get(FLOAT, state), memory.get(FLOAT, state + 4)));
    }
    long sums = base + layout.sums() + row * valueRow;
    if (y.dtype() == DType.F32) {
      math.scaleRows(memory, sums, valueRow, memory, states + 4, 8, y.memory(), resultAt(token, head * group), y.strideBytes(1), group, valueSize);
      return;
    }
    math.scaleRows(memory, sums, valueRow, memory, states + 4, 8, memory, sums, valueRow, group, valueSize);
    for (int g = 0; g < group; g++) {
      results.row(memory, sums + g * valueRow, y.memory(), resultAt(token, head * group + g), valueSize);
    }
  }

  /** What a row's weighted sum is multiplied by: 1 over the weights' sum, to which the sink is added. */
  private float factor(int queryHead, float largest, float sum) {
    if (sinks.isEmpty()) {
      return 1 / sum;
    }
    double sink = sinks.get().memory().get(FLOAT, sinks.get().offset() + 4L * queryHead);
    double top = Math.max(sink, largest);
    double shrink = Math.exp(largest - top);
    return (float) (shrink / (sum * shrink + Math.exp(sink - top)));
  }

  private long partial(int token, int queryHead, int range) {
    return partials + (((long) token * q.size(1) + queryHead) * cut.ranges() + range) * partialBytes;
  }

  private void keep(int token, int queryHead, int range, long base, int row) {
    long into = partial(token, queryHead, range);
    MemorySegment.copy(memory, base + layout.state() + 8L * row, memory, into, 8);
    MemorySegment.copy(memory, base + layout.sums() + row * valueRow, memory, into + 8, 4L * valueSize);
  }

  private record Merge(AttentionUnits ranges) implements Step {
    @Override
    public int units() {
      return ranges.ranges() == 1 ? 0 : ranges.rows.indices() * ranges.q.size(1);
    }

    @Override
    public void run(int from, int to, int worker) {
      for (int unit = from; unit < to; unit++) {
        ranges.merge(unit / ranges.q.size(1), unit % ranges.q.size(1), worker);
      }
    }
  }

  private void merge(int token, int queryHead, int worker) {
    int sequence = sequences.of(token);
    if (sequence < 0) {
      return;
    }
    int low = first(token);
    int high = last(token, length(sequence));
    if (isAlone(low, high)) {
      return;
    }
    int begin = low / cut.range();
    int end = Math.min(cut.ranges() - 1, (high - 1) / cut.range());
    float largest = Float.NEGATIVE_INFINITY;
    for (int range = begin; range <= end; range++) {
      largest = Math.max(largest, memory.get(FLOAT, partial(token, queryHead, range)));
    }
    long base = scratch.of(worker);
    clear(base, 1);
    float sum = 0;
    for (int range = begin; range <= end; range++) {
      long at = partial(token, queryHead, range);
      float top = memory.get(FLOAT, at);
      float weight = top == Float.NEGATIVE_INFINITY ? 0 : (float) Math.exp(top - largest);
      sum += weight * memory.get(FLOAT, at + 4);
      memory.set(FLOAT, base + layout.weights(), weight);
      math.accumulate(memory, base + layout.weights(), 0, 1, 1, memory, at + 8, 0, memory, base + layout.sums(), 0, valueSize);
    }
    long sums = base + layout.sums();
    boolean direct = y.dtype() == DType.F32;
    math.scale(memory, sums, factor(queryHead, largest, sum), direct ? y.memory() : memory, direct ? resultAt(token, queryHead) : sums, valueSize);
    if (!direct) {
      results.row(memory, sums, y.memory(), resultAt(token, queryHead), valueSize);
    }
  }
}
