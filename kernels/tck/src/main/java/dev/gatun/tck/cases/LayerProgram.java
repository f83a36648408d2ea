package dev.gatun.tck.cases;

import dev.gatun.Add;
import dev.gatun.Argmax;
import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Embedding;
import dev.gatun.Kv;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.Matmul;
import dev.gatun.Ragged;
import dev.gatun.RmsNorm;
import dev.gatun.Rope;
import dev.gatun.Rotation;
import dev.gatun.SiluMul;
import dev.gatun.Tensor;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.oracle.Inputs;
import java.util.Arrays;
import java.util.Optional;

/** Layers of a decoder as models have them, over a paged cache that each turn goes on to fill. */
final class LayerProgram {
  private static final double ROPE_BASE = 10_000;

  private final ProgramParts p;
  private final int heads;
  private final int kvHeads;
  private final int size;
  private final int valueSize;
  private final int sequences;
  private final int past;
  private final Rotation rotation;
  private KvCache cache;
  private Ragged batch;

  private LayerProgram(ProgramParts p) {
    this.p = p;
    this.heads = p.values.size("heads");
    this.kvHeads = p.values.size("kv");
    this.size = p.values.size("size");
    this.valueSize = p.values.size("vsize");
    this.sequences = p.values.size("sequences");
    this.past = p.values.size("past");
    this.rotation = new Rotation(p.values.on("norms") ? Rotation.Pairs.HALF_SPLIT : Rotation.Pairs.INTERLEAVED, size, ROPE_BASE);
  }

  /** Writes them into the draft. @throws dev.gatun.tck.lab.UnservedException with the backend's reason, if it keeps no such cache */
  static void write(ProgramParts parts, boolean fromTokens) {
    new LayerProgram(parts).write(fromTokens);
  }

  private void write(boolean fromTokens) {
    int layers = p.values.size("layers");
    int most = past + p.turns() * Math.max(1, Math.ceilDiv(p.rows, Math.max(1, sequences)));
    int page = p.values.size("page");
    cache = p.draft.cache(new KvCache.Spec(layers, kvHeads, size, valueSize, p.values.dtype("cache"), page, sequences * Math.ceilDiv(most, page) + 2,
        sequences, most), sequences);
    before(layers);
    batch();
    Tensor x;
    Tensor tokens = p.counted(p.bench.output(DType.I32, p.rows));
    if (fromTokens) {
      p.eachTurn(turn -> p.bench.fill(tokens.withoutCount(), integers(Inputs.integers(p.values.seed("tokens") + turn, p.actual(turn), 0,
          p.values.size("vocabulary")))));
      x = p.temporary(p.hidden);
      p.draft.add(new Embedding(tokens, p.table(p.values.size("vocabulary"), p.hidden), x));
    } else {
      x = p.input(p.hidden);
    }
    for (int layer = 0; layer < layers; layer++) {
      x = layer(x, layer);
    }
    Tensor h = p.temporary(p.hidden);
    p.draft.add(new RmsNorm(x, p.norm(p.hidden), ProgramFamily.EPS, h));
    int vocabulary = p.values.size("vocabulary");
    Tensor logits = fromTokens ? p.temporary(vocabulary) : p.output(vocabulary);
    p.draft.add(new Matmul(h, p.matrix(vocabulary, p.hidden), logits));
    // From tokens to tokens: what the program began with is overwritten at its end.
    p.draft.add(new Argmax(logits, fromTokens ? tokens : p.counted(p.bench.output(DType.I32, p.rows))));
  }

  private Tensor layer(Tensor x, int layer) {
    Tensor h = p.temporary(p.hidden);
    p.draft.add(new RmsNorm(x, p.norm(p.hidden), ProgramFamily.EPS, h));
    Tensor q = product(h, heads * size);
    Tensor k = product(h, kvHeads * size);
    Tensor v = product(h, kvHeads * valueSize);
    Tensor qHeads = q.reshape(p.rows, heads, size);
    Tensor kHeads = k.reshape(p.rows, kvHeads, size);
    if (p.values.on("norms")) {
      p.draft.add(new RmsNorm(qHeads, p.norm(size), ProgramFamily.EPS, qHeads)).add(new RmsNorm(kHeads, p.norm(size), ProgramFamily.EPS, kHeads));
    }
    p.draft.add(new Rope(qHeads, batch.positions(), Optional.empty(), rotation, qHeads))
        .add(new Rope(kHeads, batch.positions(), Optional.empty(), rotation, kHeads))
        .add(new KvAppend(kHeads, v.reshape(p.rows, kvHeads, valueSize), batch, cache, layer));
    Tensor a = p.temporary(heads * valueSize);
    p.draft.add(new Attention(qHeads, new Kv.Paged(cache, layer), batch, Attention.Options.causal((float) (1 / Math.sqrt(size))), Optional.empty(),
        a.reshape(p.rows, heads, valueSize)));
    Tensor o = product(a, p.hidden);
    Tensor r = p.temporary(p.hidden);
    p.draft.add(new Add(x, o, r));
    Tensor h2 = p.temporary(p.hidden);
    p.draft.add(new RmsNorm(r, p.norm(p.hidden), ProgramFamily.EPS, h2));
    Tensor gate = product(h2, p.wide);
    Tensor up = product(h2, p.wide);
    p.draft.add(new SiluMul(gate, up, gate));
    Tensor down = product(gate, p.hidden);
    p.draft.add(new Add(r, down, r));
    return r;
  }

  private Tensor product(Tensor x, int n) {
    Tensor y = p.temporary(n);
    p.draft.add(new Matmul(x, p.matrix(n, (int) x.size(1)), y));
    return y;
  }

  /** Keys and values of the positions before the first turn. */
  private void before(int layers) {
    for (int s = 0; s < sequences && past > 0; s++) {
      int[] positions = new int[past];
      Arrays.setAll(positions, i -> i);
      Ragged one = new Ragged(p.bench.ints(0, past), p.bench.ints(s), p.bench.ints(positions));
      for (int layer = 0; layer < layers; layer++) {
        p.draft.before(new KvAppend(past("k", s, layer, size), past("v", s, layer, valueSize), one, cache, layer));
      }
    }
  }

  private Tensor past(String name, int sequence, int layer, int length) {
    return p.bench.input(DType.F32, Placement.PACKED, Fill.NORMAL.values(p.values.seed(name + sequence + "/" + layer), past * kvHeads * length), past, kvHeads,
        length);
  }

  /** Every turn's tokens follow those of the turn before; what rows the sequences do not share evenly, the last one has. */
  private void batch() {
    Tensor starts = p.bench.output(DType.I32, sequences + 1);
    Tensor slots = p.bench.output(DType.I32, sequences);
    Tensor positions = p.bench.output(DType.I32, p.rows);
    batch = new Ragged(starts, slots, p.counted(positions));
    int most = Math.ceilDiv(p.rows, sequences);
    p.eachTurn(turn -> {
      int tokens = p.actual(turn);
      double[] begin = new double[sequences + 1];
      double[] slot = new double[sequences];
      double[] position = new double[tokens];
      for (int s = 0; s < sequences; s++) {
        slot[s] = sequences - 1 - s;
        begin[s + 1] = Math.min(tokens, (s + 1) * most);
        for (int t = (int) begin[s]; t < begin[s + 1]; t++) {
          position[t] = past + t - begin[s];
          for (int before = 0; before < turn; before++) {
            position[t] += Math.max(0, Math.min(p.actual(before), (s + 1) * most) - s * most);
          }
        }
      }
      p.bench.fill(starts, begin);
      p.bench.fill(slots, slot);
      p.bench.fill(positions, position);
    });
  }

  private static double[] integers(int[] values) {
    return Arrays.stream(values).asDoubleStream().toArray();
  }
}
