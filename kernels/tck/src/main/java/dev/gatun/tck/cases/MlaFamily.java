package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.KvCache;
import dev.gatun.MlaAttention;
import dev.gatun.Ragged;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.tck.lab.Bounds;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Keys;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;
import java.util.Arrays;

/** {@link MlaAttention}; {@link MlaListing} says which cases there are. */
final class MlaFamily extends OperatorFamily {
  /** What a latent row is made of, if anything, that is no number. */
  private static final int ODD_ELEMENT = 3;
  private static final long MOST = 1L << 26;

  MlaFamily() {
    super(Group.ATTENTION, new Signature("mla_attention").with("context", 16).with("tokens", 1).with("heads", 4).with("rank", 64).with("rope", 16)
        .with("nope", 32).with("value", 32).with("q", "f32").with("k", "f32").with("w", "f32").with("y", "f32").with("rows", MlaAttention.Up.Rows.QUERY)
        .with("weight", Weight.PREPARED).with("lies", Placement.PACKED).with("apart", false).with("causal", true).with("scale", Values.NONE).with("page", 16)
        .with("room", Values.NONE).with("layer", 0).with("loose", 0).with("ahead", 0).with("count", Values.NONE).with("sequences", Values.NONE)
        .with("fill", Fill.NORMAL).with("kfill", Fill.NORMAL).with("nan", Values.NONE));
  }

  @Override
  public void list(Listing listing) {
    new MlaListing(signature(), listing).list();
  }

  @Override
  public String column(Values values) {
    return values.text("k");
  }

  private static AttentionStep step(Values values) {
    int[] context = values.list("context");
    int[] tokens = values.list("tokens");
    if (tokens.length != context.length || Arrays.stream(tokens).anyMatch(n -> n < 0) || Arrays.stream(context).anyMatch(n -> n < 0)) {
      throw values.wrong("tokens", "a number for each sequence that context has one for");
    }
    for (String size : new String[] {"heads", "rank", "rope", "nope", "value", "page"}) {
      if (values.size(size) == 0) {
        throw values.wrong(size, "1 or more");
      }
    }
    long keys = Arrays.stream(context).asLongStream().sum() + Arrays.stream(tokens).asLongStream().sum() + values.size("loose");
    long widest = (long) values.size("heads") * Math.max(Math.max(values.size("nope"), values.size("value")), values.size("rope")) + values.size("rank");
    if (keys > MOST / widest || widest > MOST / values.size("rank")) {
      throw values.wrong("context", "small enough for " + MOST + " elements in all");
    }
    return new AttentionStep(context, tokens, values.size("loose"), values.size("ahead"), 1, values.size("heads"), values.size("rank") + values.size("rope"), 0);
  }

  @Override
  Trial trial(Values values, Workbench bench) {
    AttentionStep step = step(values);
    int rows = step.rows();
    int heads = step.group();
    int actual = values.optional("count").stream().map(count -> Math.clamp(count, 0, rows)).findFirst().orElse(rows);
    int nope = values.size("nope");
    int rope = values.size("rope");
    Placement placement = values.choice("lies", Placement.class);
    Fill fill = values.choice("fill", Fill.class);
    Tensor q = bench.place(values.dtype("q"), placement, rows, heads, nope + rope);
    bench.fill(q, fill.values(values.seed("q"), actual * heads * (nope + rope)));
    Tensor y = bench.place(values.dtype("y"), placement, rows, heads, values.size("value"));
    MlaAttention.Up plain = up(values, bench);
    Latents latents = new Latents(values, step, bench);
    Ragged batch = AttentionFamily.batch(values, step, bench, latents.slots.clone(), actual);
    Kv.Paged kv = new Kv.Paged(latents.keys.cache(), values.size("layer"));
    float scale = values.text("scale").equals(Values.NONE) ? (float) (1 / Math.sqrt(nope + rope)) : values.number("scale");
    Tensor counted = bench.counted(q, values.optional("count"));
    MlaAttention whole = new MlaAttention(counted.slice(2, 0, nope), turned(values, bench, counted, actual, nope, rope), kv, plain, batch, scale, values.on("causal"),
        bench.counted(y, values.optional("count")));
    Weight weight = values.choice("weight", Weight.class);
    MlaAttention.Up ready = new MlaAttention.Up(weight.ready(bench, plain.keys(), Use.MLA), plain.rows(), weight.ready(bench, plain.values(), Use.MLA));
    MlaAttention given = new MlaAttention(whole.qNope(), whole.qRope(), kv, ready, batch, scale, values.on("causal"), whole.y());
    Trial trial = Trial.of(given).reading(latents.keys.host()).expect(whole, Bounds.mla(whole));
    return neighbours(values, step, bench, trial, whole, latents);
  }

  /** The part of the queries that carries the position: of the same rows, or in a tensor of its own, as it is where it was turned there. */
  private static Tensor turned(Values values, Workbench bench, Tensor q, int actual, int nope, int rope) {
    if (!values.on("apart")) {
      return q.slice(2, nope, nope + rope);
    }
    Tensor own = bench.place(q.dtype(), values.choice("lies", Placement.class), q.size(0), q.size(1), rope);
    bench.fill(own, values.choice("fill", Fill.class).values(values.seed("q_rope"), Math.toIntExact(actual * q.size(1) * rope)));
    return bench.counted(own, values.optional("count"));
  }

  /** Weights that keep the size of what goes through them. */
  private static MlaAttention.Up up(Values values, Workbench bench) {
    int heads = values.size("heads");
    int rank = values.size("rank");
    MlaAttention.Up.Rows rows = values.choice("rows", MlaAttention.Up.Rows.class);
    DType type = values.dtype("w");
    int nope = values.size("nope");
    int row = rows == MlaAttention.Up.Rows.QUERY ? nope : rank;
    if (row % type.blockSize() != 0 || rank % type.blockSize() != 0) {
      throw values.wrong("w", "of blocks that fit rows of " + row + " and " + rank + " elements");
    }
    Placement placement = values.choice("lies", Placement.class);
    Tensor keys = weight(values, bench, "w_uk", type, placement, rows == MlaAttention.Up.Rows.QUERY ? new long[] {heads, rank, nope} : new long[] {heads, nope, rank});
    return new MlaAttention.Up(keys, rows, weight(values, bench, "w_uv", type, placement, heads, values.size("value"), rank));
  }

  private static Tensor weight(Values values, Workbench bench, String name, DType type, Placement placement, long... shape) {
    int n = Math.toIntExact(shape[0] * shape[1] * shape[2]);
    double factor = 1 / Math.sqrt(values.size("rank"));
    return bench.input(type, placement, Arrays.stream(Fill.NORMAL.values(values.seed(name), n)).map(value -> factor * value).toArray(), shape);
  }

  /** Slots in another order than the sequences, their pages among one another's, and a sequence besides that is in no batch. */
  private static final class Latents {
    final Keys keys;
    final int[] slots;
    private final Values values;
    private final AttentionStep step;

    Latents(Values values, AttentionStep step, Workbench bench) {
      this.values = values;
      this.step = step;
      int page = values.size("page");
      int layer = values.size("layer");
      int room = Math.max(values.optional("room").orElse(step.longest() + step.ahead() + 5), step.longest());
      int pages = 4 + Arrays.stream(step.context()).map(n -> Math.ceilDiv(n, page)).sum();
      keys = Keys.of(bench, KvCache.Spec.latent(layer + 1, values.size("rank"), values.size("rope"), values.dtype("k"), page, pages, step.sequences() + 2, Math.max(1, room)));
      slots = new int[step.sequences()];
      int bystander = keys.open();
      for (int s = slots.length - 1; s >= 0; s--) {
        slots[s] = keys.open();
      }
      keys.reserve(bystander, 0, 1);
      for (int from = 0; from < step.longest(); from += page) {
        for (int s = 0; s < slots.length; s++) {
          keys.reserve(slots[s], Math.min(from, step.context()[s]), Math.min(from + page, step.context()[s]));
        }
      }
      keys.append(layer, bystander, 0, AttentionFamily.other(1, step.size()), new double[0]);
      for (int s = 0; s < slots.length; s++) {
        keys.append(layer, slots[s], 0, rows(s, step.context()[s]), new double[0]);
      }
    }

    private double[] rows(int sequence, int n) {
      double[] rows = values.choice("kfill", Fill.class).values(values.seed("latents of " + sequence), n * step.size());
      if (values.optional("nan").isPresent() && values.size("nan") < n) {
        rows[values.size("nan") * step.size() + Math.min(ODD_ELEMENT, step.size() - 1)] = Double.NaN;
      }
      return rows;
    }

    /** Other rows at the positions from {@code from} on. */
    void disturb(int sequence, int from) {
      keys.append(values.size("layer"), slots[sequence], from, other(values, sequence, (step.context()[sequence] - from) * step.size()), new double[0]);
    }
  }

  /**
   * What stands where a result does not look. Beside blocks, activations may be rounded to 8 bits, which the softmax makes more of the larger scores are: there
   * it is not outliers.
   */
  private static double[] other(Values values, int index, int n) {
    return values.dtype("w").isBlock() && index % 2 != 0 ? Fill.NORMAL.values(values.seed("other " + index), n) : AttentionFamily.other(index, n);
  }

  /** A sequence does not depend on any other; a token among few, not on those after it. */
  private static Trial neighbours(Values values, AttentionStep step, Workbench bench, Trial trial, MlaAttention attention, Latents latents) {
    int row = step.rows() / 2;
    if (values.optional("count").isPresent() || values.optional("sequences").isPresent() || step.rows() < 2 || step.sequence(row) < 0) {
      return trial;
    }
    int[] starts = AttentionStep.starts(step.tokens());
    int sequence = step.sequence(row);
    boolean whole = step.tokens()[sequence] == 1 || step.sequences() > 1;
    if (!whole && !attention.causal()) {
      return trial;
    }
    int from = whole ? starts[sequence] : row;
    int to = whole ? starts[sequence + 1] : row + 1;
    return trial.independent(() -> {
      for (int r = 0; r < step.rows(); r++) {
        if (r < from || r >= to) {
          bench.fill(attention.qNope().slice(0, r, r + 1), other(values, r, step.group() * values.size("nope")));
        }
      }
      for (int s = 0; s < step.sequences(); s++) {
        int first = s != sequence ? 0 : whole ? step.context()[s] : step.positions()[row] + 1 - step.ahead();
        if (first < step.context()[s]) {
          latents.disturb(s, first);
        }
      }
    }, attention.y().slice(0, from, to));
  }
}
