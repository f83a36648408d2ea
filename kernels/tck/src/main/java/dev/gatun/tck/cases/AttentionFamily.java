package dev.gatun.tck.cases;

import dev.gatun.Attention;
import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.KvCache.Part;
import dev.gatun.Ragged;
import dev.gatun.Shape;
import dev.gatun.Tensor;
import dev.gatun.tck.lab.Bounds;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Keys;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.Trial;
import dev.gatun.tck.lab.Workbench;
import dev.gatun.tck.oracle.Host;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** {@link Attention}, over dense keys and over pages. */
final class AttentionFamily extends OperatorFamily {
  /** Above this many multiply-adds the oracle is asked for a sample of the tokens. */
  private static final long MOST_WORK = 20_000_000;
  private static final int LEAST_SAMPLED = 3;
  private static final double SPREAD = 4;
  private static final Set<Fill> RANDOM = Set.of(Fill.NORMAL, Fill.UNIFORM);
  private static final int MOST_SAMPLED = 24;

  /** Where the keys are. */
  enum Where {
    /** In pages of a cache. */
    PAGED,
    /** In plain tensors. */
    DENSE
  }

  AttentionFamily() {
    super(Group.ATTENTION, new Signature("attention").with("kv", Where.PAGED).with("context", 16).with("tokens", 1)
        .with("heads", 1).with("group", 1)
        .with("size", 64).with("vsize", Values.NONE).with("q", "f32").with("k", "f32").with("y", "f32").with("lies", Placement.PACKED)
        .with("causal", true).with("window", 0).with("softcap", 0).with("sinks", false).with("scale", Values.NONE).with("page", 16)
        .with("room", Values.NONE).with("layer", 0).with("loose", 0).with("ahead", 0).with("count", Values.NONE)
        .with("sequences", Values.NONE)
        .with("fill", Fill.NORMAL).with("kfill", Fill.NORMAL).with("odd", AttentionStep.Odd.NOTHING).with("at", 0).with("max_bias", 0));
  }

  @Override
  public void list(Listing listing) {
    new AttentionListing(signature(), listing).list();
  }

  @Override
  public String column(Values values) {
    return values.text("k");
  }

  /** Keys and values of a case, and how to change those that a kept sequence, or token, does not look at. */
  private interface Content {
    Kv kv();

    int[] slots();

    Host host();

    /** Other keys and values at the positions from {@code from} on. */
    void disturb(int sequence, int from);
  }

  @Override
  Trial trial(Values values, Workbench bench) {
    AttentionStep step = AttentionStep.of(values);
    int rows = step.rows();
    int actual = values.optional("count").stream().map(count -> Math.clamp(count, 0, rows)).findFirst().orElse(rows);
    Placement placement = values.choice("lies", Placement.class);
    Tensor q = bench.place(values.dtype("q"), placement, rows, step.queryHeads(), step.size());
    bench.fill(q, step.queries(values, actual));
    Tensor y = bench.place(values.dtype("y"), placement, rows, step.queryHeads(), step.valueSize());
    Content content = values.choice("kv", Where.class) == Where.PAGED ? paged(values, step, bench) : dense(values, step, bench);
    Ragged batch = batch(values, step, bench, content.slots(), actual);
    Attention.Options options = new Attention.Options(step.scale(values), values.on("causal"), values.integer("window"),
        values.number("softcap"), values.number("max_bias"));
    Optional<Tensor> sinks = values.on("sinks") ? Optional.of(bench.vector(Fill.NORMAL.values(values.seed("sinks"), step.queryHeads())))
        : Optional.empty();
    Attention attention = new Attention(bench.counted(q, values.optional("count")), content.kv(), batch, options, sinks,
        bench.counted(y, values.optional("count")));
    Trial trial = Trial.of(attention).reading(content.host());
    trial.expect(sample(values, step, attention), Bounds.attention(q.dtype(), values.dtype("k"), capped(values, step, options)));
    return neighbours(values, step, bench, trial, attention, content);
  }

  /** How large capped scores are: of random queries and keys, four times their deviation; of others, as large as the cap lets them be. */
  private static double capped(Values values, AttentionStep step, Attention.Options options) {
    boolean random = RANDOM.contains(values.choice("fill", Fill.class)) && RANDOM.contains(values.choice("kfill", Fill.class))
        && values.choice("odd", AttentionStep.Odd.class) == AttentionStep.Odd.NOTHING;
    return random ? Math.min(options.softcap(), SPREAD * Math.abs(options.scale()) * Math.sqrt(step.size())) : options.softcap();
  }

  /** What is past the counts is no number of anything. */
  static Ragged batch(Values values, AttentionStep step, Workbench bench, int[] slots, int actual) {
    int[] starts = AttentionStep.starts(step.tokens());
    int[] positions = step.positions();
    int sequences = values.optional("sequences").stream().map(n -> Math.clamp(n, 0, step.sequences())).findFirst().orElse(step.sequences());
    for (int s = sequences; s < step.sequences(); s++) {
      starts[s + 1] = s % 2 == 0 ? -7 : 1_000_000;
      slots[s] = 99;
    }
    Arrays.fill(positions, actual, positions.length, -1);
    Tensor slotTensor = bench.ints(slots);
    if (values.optional("sequences").isPresent()) {
      slotTensor = slotTensor.withCount(bench.ints(values.integer("sequences")));
    }
    return new Ragged(bench.ints(starts), slotTensor, bench.counted(bench.ints(positions), values.optional("count")));
  }

  private static Content dense(Values values, AttentionStep step, Workbench bench) {
    Placement placement = values.choice("lies", Placement.class);
    int[] starts = AttentionStep.starts(step.context());
    Tensor k = bench.place(values.dtype("k"), placement, step.keys(), step.heads(), step.size());
    Tensor v = bench.place(values.dtype("k"), placement, step.keys(), step.heads(), step.valueSize());
    for (int s = 0; s < step.sequences(); s++) {
      bench.fill(k.slice(0, starts[s], starts[s + 1]), step.kept(values, Part.KEY, s, step.context()[s]));
      bench.fill(v.slice(0, starts[s], starts[s + 1]), step.kept(values, Part.VALUE, s, step.context()[s]));
    }
    Kv kv = new Kv.Dense(k, v, bench.ints(starts));
    return new Content() {
      @Override
      public Kv kv() {
        return kv;
      }

      @Override
      public int[] slots() {
        return new int[step.sequences()];
      }

      @Override
      public Host host() {
        return Host.buffers();
      }

      @Override
      public void disturb(int sequence, int from) {
        int n = step.context()[sequence] - from;
        bench.fill(k.slice(0, starts[sequence] + from, starts[sequence + 1]), other(sequence, n * step.heads() * step.size()));
        bench.fill(v.slice(0, starts[sequence] + from, starts[sequence + 1]), other(sequence, n * step.heads() * step.valueSize()));
      }
    };
  }

  static double[] other(int sequence, int n) {
    return (sequence % 2 == 0 ? Fill.NAN : Fill.OUTLIERS).values(sequence, n);
  }

  /** Slots in another order than the sequences, their pages among one another's, and a sequence besides that is in no batch. */
  private static Content paged(Values values, AttentionStep step, Workbench bench) {
    int layer = values.size("layer");
    int page = values.size("page");
    Keys keys = Keys.of(bench, step.spec(values, values.dtype("k")));
    int bystander = keys.open();
    int[] slots = new int[step.sequences()];
    for (int s = slots.length - 1; s >= 0; s--) {
      slots[s] = keys.open();
    }
    keys.reserve(bystander, 0, 1);
    for (int from = 0; from < step.longest(); from += page) {
      for (int s = 0; s < slots.length; s++) {
        keys.reserve(slots[s], Math.min(from, step.context()[s]), Math.min(from + page, step.context()[s]));
      }
    }
    keys.append(layer, bystander, 0, other(1, step.heads() * step.size()), other(1, step.heads() * step.valueSize()));
    for (int s = 0; s < slots.length; s++) {
      keys.append(layer, slots[s], 0, step.kept(values, Part.KEY, s, step.context()[s]),
          step.kept(values, Part.VALUE, s, step.context()[s]));
    }
    int[] kept = slots.clone();
    return new Content() {
      @Override
      public Kv kv() {
        return new Kv.Paged(keys.cache(), layer);
      }

      @Override
      public int[] slots() {
        return slots.clone();
      }

      @Override
      public Host host() {
        return keys.host();
      }

      @Override
      public void disturb(int sequence, int from) {
        int n = step.context()[sequence] - from;
        keys.append(layer, kept[sequence], from, other(sequence, n * step.heads() * step.size()),
            other(sequence, n * step.heads() * step.valueSize()));
      }
    };
  }

  /** All of a small attention; of a large one, chosen tokens, as many as the oracle can do in a while. */
  private static List<Attention> sample(Values values, AttentionStep step, Attention whole) {
    if (step.work() <= MOST_WORK || values.optional("count").isPresent() || values.optional("sequences").isPresent()) {
      return List.of(whole);
    }
    int[] starts = AttentionStep.starts(step.tokens());
    int[] positions = step.positions();
    int tokens = Math.clamp(MOST_WORK * starts[step.sequences()] / step.work(), LEAST_SAMPLED, MOST_SAMPLED);
    List<Attention> sampled = new ArrayList<>();
    for (int row : Sampling.rows(values.seed("sample"), starts[step.sequences()], tokens)) {
      int sequence = step.sequence(row);
      int last = starts[sequence + 1] - 1;
      // The keys of a sequence in pages end at its last token, which a token that sees ahead therefore needs beside it.
      int[] pair = !whole.options().causal() && row != last ? new int[] {row, last} : new int[] {row};
      Kv kv = whole.kv() instanceof Kv.Dense dense ? dense(dense, sequence, step) : whole.kv();
      int slot = whole.batch().slots().buffer().host().orElseThrow()
          .get(ValueLayout.JAVA_INT_UNALIGNED, whole.batch().slots().offset() + 4L * sequence);
      Ragged batch = new Ragged(aside(0, pair.length), aside(slot), aside(Arrays.stream(pair).map(p -> positions[p]).toArray()));
      sampled.add(new Attention(rows(whole.q(), pair), kv, batch, whole.options(), whole.sinks(), rows(whole.y(), pair)));
    }
    return sampled;
  }

  private static Kv dense(Kv.Dense whole, int sequence, AttentionStep step) {
    int[] starts = AttentionStep.starts(step.context());
    return new Kv.Dense(whole.k().slice(0, starts[sequence], starts[sequence + 1]),
        whole.v().slice(0, starts[sequence], starts[sequence + 1]), aside(0, step.context()[sequence]));
  }

  /** One row, or two with what lies between them as a gap. */
  private static Tensor rows(Tensor tensor, int... rows) {
    if (rows.length == 1) {
      return tensor.slice(0, rows[0], rows[0] + 1);
    }
    Tensor first = tensor.slice(0, rows[0], rows[0] + 1);
    long[] strides = first.strides();
    strides[0] = (rows[1] - rows[0]) * tensor.stride(0);
    return Tensor.of(first.storage(), first.offset(), first.dtype(), first.shape().with(0, 2), strides);
  }

  /** I32 that only the oracle sees. */
  private static Tensor aside(int... values) {
    MemorySegment bytes = MemorySegment.ofArray(new byte[values.length * Integer.BYTES]);
    MemorySegment.copy(MemorySegment.ofArray(values), 0, bytes, 0, bytes.byteSize());
    return Tensor.of(Buffer.ofHost(bytes), 0, DType.I32, Shape.of(values.length));
  }

  /** A sequence does not depend on any other; a token among few, not on those after it. */
  private static Trial neighbours(Values values, AttentionStep step, Workbench bench, Trial trial, Attention attention, Content content) {
    if (values.optional("count").isPresent() || values.optional("sequences").isPresent() || step.work() > MOST_WORK || step.rows() < 2) {
      return trial;
    }
    int[] starts = AttentionStep.starts(step.tokens());
    int row = step.rows() / 2;
    int sequence = step.sequence(row);
    if (sequence < 0) {
      return trial;
    }
    boolean whole = step.tokens()[sequence] == 1 || step.sequences() > 1;
    if (!whole && !attention.options().causal()) {
      return trial;
    }
    int from = whole ? starts[sequence] : row;
    int to = whole ? starts[sequence + 1] : row + 1;
    return trial.independent(() -> {
      for (int r = 0; r < step.rows(); r++) {
        if (r < from || r >= to) {
          bench.fill(attention.q().slice(0, r, r + 1), other(r, step.queryHeads() * step.size()));
        }
      }
      for (int s = 0; s < step.sequences(); s++) {
        int first = s != sequence ? 0 : whole ? step.context()[s] : step.positions()[row] + 1 - step.ahead();
        if (first < step.context()[s]) {
          content.disturb(s, first);
        }
      }
    }, attention.y().slice(0, from, to));
  }
}
