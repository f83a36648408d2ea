package dev.gatun.conformance;

import static dev.gatun.conformance.OperatorHarness.F32_BOUND;
import static dev.gatun.conformance.OperatorHarness.ROUNDED_BOUND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.Kv;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.MlaAttention;
import dev.gatun.Program;
import dev.gatun.Ragged;
import dev.gatun.RmsNorm;
import dev.gatun.Rope;
import dev.gatun.Rotation;
import dev.gatun.Sample;
import dev.gatun.Tensor;
import dev.gatun.conformance.KernelCases.Size;
import dev.gatun.tck.oracle.Distribution;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Formats;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Inputs;
import dev.gatun.tck.oracle.Oracle;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/** The cases of {@link KernelCases} whose truth is not one call of the harness: caches, attention over them, and samples. */
final class CacheCases {
  private static final double CUMULATIVE = 1e-5;
  private static final float EPSILON = 1e-5f;
  /** Queries and weights of 11 bits, which give 1e-7, and a capped score off by 2^-19. */
  private static final double ROUNDED_TO_F16 = 1e-6;

  /** Queries and weights of 8 bits, which give 6e-6. */
  private static final double ROUNDED_TO_BF16 = 2e-5;
  private static final int[] HEADS = {64, 128, 256};

  private final OperatorHarness harness;
  private final Size size;

  CacheCases(OperatorHarness harness, Size size) {
    this.harness = harness;
    this.size = size;
  }

  /** Hands over every case with its name. */
  void addTo(BiConsumer<String, Runnable> cases) {
    cases.accept("sample", this::sample);
    for (DType kept : new DType[] {DType.F32, DType.F16, DType.BF16, DType.F8_E4M3, DType.F8_E5M2, DType.Q8_0}) {
      cases.accept("kv_append " + kept, () -> append(kept));
      for (int head : HEADS) {
        int width = aligned() ? head : head - (kept == DType.Q8_0 ? 32 : 24);
        cases.accept("attention of 1 token over " + kept + " of " + width, () -> decode(kept, width, aligned() ? 4 : 3));
        cases.accept("attention of 1 token over " + kept + " of " + width + ", wide groups", () -> decode(kept, width, aligned() ? 16 : 13));
      }
    }
    cases.accept("norms of heads, rope and kv_append in one", this::turnAndAppend);
    for (DType kept : new DType[] {DType.F32, DType.F16, DType.BF16}) {
      for (int head : HEADS) {
        int width = aligned() ? head : head - 27;
        cases.accept("attention over dense " + kept + " of " + width, () -> prefill(kept, width));
      }
    }
    for (DType kept : new DType[] {DType.F16, DType.BF16}) {
      for (int head : HEADS) {
        int width = aligned() ? head : head - 24;
        for (float softcap : new float[] {0, 20}) {
          cases.accept("attention of many tokens over " + kept + " of " + width + (softcap > 0 ? ", capped" : ""),
              () -> prefillPages(kept, width, softcap));
        }
      }
    }
    for (DType kept : new DType[] {DType.F16, DType.BF16, DType.Q8_0, DType.F32}) {
      for (int heads : aligned() ? new int[] {16, 64} : new int[] {5, 37}) {
        cases.accept("mla_attention of " + heads + " heads and one token over " + kept, () -> latent(kept, heads, new int[] {0, 1}));
        cases.accept("mla_attention of " + heads + " heads over " + kept, () -> latent(kept, heads, aligned() ? new int[] {1, 1} : new int[] {1, 3}));
        cases.accept("mla_attention of " + heads + " heads and many tokens over " + kept, () -> latent(kept, heads, aligned() ? new int[] {24, 8} : new int[] {19, 2}));
      }
    }
    for (DType kept : new DType[] {DType.F16, DType.BF16, DType.F32}) {
      cases.accept("mla_attention of prompts over " + kept, () -> latentPrompts(kept));
      if (kept != DType.F32) {
        cases.accept("attention of many tokens over " + kept + " with values of another size", () -> prefillPages(kept, aligned() ? 192 : 168, aligned() ? 128 : 104, 0));
      }
    }
    cases.accept("attention with slopes", this::slopes);
    int wide = aligned() ? 320 : 259;
    cases.accept("attention over dense F32 of " + wide, () -> prefill(DType.F32, wide));
  }

  private boolean aligned() {
    return size == Size.ALIGNED;
  }

  private Tensor normal(DType type, long seed, long... shape) {
    int n = (int) (shape[0] * shape[1] * shape[2]);
    return harness.fill(harness.place(type, aligned() ? Placement.PACKED : Placement.STRIDED, shape), Inputs.normal(seed, n, 1));
  }

  private static Attention.Options causal(int width) {
    return Attention.Options.causal((float) (1 / Math.sqrt(width)));
  }

  void decode(DType kept, int width, int group) {
    decode(kept, width, group, aligned() ? new int[] {64, 144} : new int[] {13, 139});
  }

  /** One token of each of two sequences; the room of a sequence cuts the longer context into ranges. */
  void decode(DType kept, int width, int group, int[] context) {
    int pages = (context[0] + 15) / 16 + (context[1] + 15) / 16 + 3;
    try (PagedKeys keys = new PagedKeys(harness, new KvCache.Spec(1, 2, width, width, kept, 16, pages, 4, (context[1] + 15) / 16 * 16 + 16))) {
      int[] slots = new int[context.length];
      int[][] positions = new int[context.length][];
      int[][] last = new int[context.length][];
      for (int s = 0; s < slots.length; s++) {
        slots[s] = keys.open();
        keys.reserve(slots[s], 0, context[s]);
        positions[s] = IntStream.range(0, context[s]).toArray();
        last[s] = new int[] {context[s] - 1};
      }
      int tokens = context[0] + context[1];
      keys.append(keys.batch(slots, positions), slots, positions, normal(DType.F32, 2, tokens, 2, width),
          normal(DType.F32, 3, tokens, 2, width));
      Ragged batch = keys.batch(slots, last);
      Tensor q = normal(aligned() ? DType.F32 : DType.F16, 1, 2, 2L * group, width);
      Tensor y = harness.output(DType.F32, 2, 2L * group, width);
      harness.check(new Attention(q, new Kv.Paged(keys.first(), 0), batch, causal(width), Optional.empty(), y),
          engine -> new Attention(q, new Kv.Paged(keys.on(engine), 0), batch, causal(width), Optional.empty(), y), keys.host(),
          kept == DType.Q8_0 ? ROUNDED_BOUND : F32_BOUND, true);
    }
  }

  /** The last tokens of two sequences over latent rows; the room of a sequence cuts the longer context of few tokens into ranges. */
  void latent(DType kept, int heads, int[] fresh) {
    boolean even = kept == DType.Q8_0 || aligned();
    latent(kept, heads, fresh, even ? 64 : 40, even ? 32 : 9, aligned() ? 32 : 21, aligned() ? 64 : 11);
  }

  /** So many tokens of each sequence that keys and values are made. */
  void latentPrompts(DType kept) {
    latent(kept, 2, aligned() ? new int[] {64, 48} : new int[] {29, 47}, aligned() ? 128 : 76, aligned() ? 32 : 9, aligned() ? 16 : 13, aligned() ? 16 : 11);
  }

  private void latent(DType kept, int heads, int[] fresh, int rank, int rope, int nope, int value) {
    int[] context = aligned() ? new int[] {96, 160} : new int[] {29, 131};
    try (PagedKeys keys = new PagedKeys(harness, KvCache.Spec.latent(1, rank, rope, kept, aligned() ? 16 : 12, 24, 4, 200))) {
      int[] slots = {keys.open(), keys.open()};
      int[][] positions = new int[2][];
      int[][] last = new int[2][];
      for (int s = 0; s < slots.length; s++) {
        keys.reserve(slots[s], 0, context[s]);
        positions[s] = IntStream.range(0, context[s]).toArray();
        last[s] = IntStream.range(context[s] - fresh[s], context[s]).toArray();
      }
      int all = context[0] + context[1];
      Tensor rows = normal(DType.F32, 2, all, 1, rank + rope);
      keys.append(keys.batch(slots, positions), slots, positions, rows, rows.slice(2, 0, 0));
      int tokens = fresh[0] + fresh[1];
      Tensor q = normal(aligned() ? DType.F32 : DType.F16, 1, tokens, heads, (long) nope + rope);
      Tensor turned = aligned() ? q.slice(2, nope, nope + rope) : normal(q.dtype(), 7, tokens, heads, rope);
      DType type = aligned() ? DType.BF16 : DType.F32;
      MlaAttention.Up.Rows along = aligned() == (kept == DType.BF16) ? MlaAttention.Up.Rows.QUERY : MlaAttention.Up.Rows.LATENT;
      Tensor up = weight(type, 5, rank, along == MlaAttention.Up.Rows.QUERY ? new long[] {heads, rank, nope} : new long[] {heads, nope, rank});
      MlaAttention.Up weights = new MlaAttention.Up(up, along, weight(type, 6, rank, heads, value, rank));
      Ragged batch = keys.batch(slots, last);
      Tensor y = harness.output(aligned() ? DType.F32 : DType.BF16, tokens, heads, value);
      float scale = (float) (1 / Math.sqrt(nope + rope));
      harness.check(new MlaAttention(q.slice(2, 0, nope), turned, new Kv.Paged(keys.first(), 0), weights, batch, scale, true, y),
          engine -> new MlaAttention(q.slice(2, 0, nope), turned, new Kv.Paged(keys.on(engine), 0), weights, batch, scale, true, y),
          keys.host(), kept == DType.F32 ? F32_BOUND : rounded(kept), true);
    }
  }

  private Tensor weight(DType type, long seed, int rank, long... shape) {
    int n = (int) (shape[0] * shape[1] * shape[2]);
    return harness.fill(harness.place(type, aligned() ? Placement.PACKED : Placement.STRIDED, shape), Inputs.normal(seed, n, 1 / Math.sqrt(rank)));
  }

  /** Twelve heads, of which the last four have slopes between the others'. */
  void slopes() {
    int context = aligned() ? 64 : 37;
    Ragged batch = new Ragged(harness.ints(0, 2), harness.ints(0), harness.ints(context - 2, context - 1));
    Kv kv = new Kv.Dense(normal(DType.F16, 2, context, 3, 24), normal(DType.F16, 3, context, 3, 24), harness.ints(0, context));
    harness.check(new Attention(normal(DType.F32, 1, 2, 12, 24), kv, batch, new Attention.Options(0.2f, true, 0, 0, 8), Optional.empty(),
        harness.output(DType.F32, 2, 12, 24)), F32_BOUND);
  }

  private static double rounded(DType kept) {
    return kept == DType.F16 ? ROUNDED_TO_F16 : ROUNDED_TO_BF16;
  }

  /** The last tokens of a sequence, over more keys than one tile has; kernels of warpgroups round where rows are aligned. */
  void prefill(DType kept, int width) {
    int context = aligned() ? 128 : 83;
    int tokens = aligned() ? 32 : 19;
    Ragged batch = new Ragged(harness.ints(0, tokens), harness.ints(0), harness.ints(IntStream.range(context - tokens, context).toArray()));
    Kv kv = new Kv.Dense(normal(kept, 2, context, 1, width), normal(kept, 3, context, 1, width), harness.ints(0, context));
    harness.check(new Attention(normal(DType.F32, 1, tokens, 2, width), kv, batch, causal(width), Optional.empty(),
        harness.output(DType.F32, tokens, 2, width)), !aligned() || kept == DType.F32 ? F32_BOUND : rounded(kept));
  }

  /**
   * The last tokens of two sequences over pages, those of one past a whole tile of rows and keys. Kernels of warpgroups round queries and weights to what is
   * kept; odd pages are copied in parts, through a window and with sinks.
   */
  void prefillPages(DType kept, int width, float softcap) {
    prefillPages(kept, width, width, softcap);
  }

  private void prefillPages(DType kept, int width, int values, float softcap) {
    int[] context = aligned() ? new int[] {192, 64} : new int[] {149, 23};
    int[] tokens = aligned() ? new int[] {96, 16} : new int[] {51, 9};
    int group = aligned() ? 4 : 3;
    try (PagedKeys keys = new PagedKeys(harness, new KvCache.Spec(1, 2, width, values, kept, aligned() ? 16 : 24, 24, 4, 216))) {
      int[] slots = {keys.open(), keys.open()};
      int[][] positions = new int[2][];
      int[][] last = new int[2][];
      for (int s = 0; s < 2; s++) {
        keys.reserve(slots[s], 0, context[s]);
        positions[s] = IntStream.range(0, context[s]).toArray();
        last[s] = IntStream.range(context[s] - tokens[s], context[s]).toArray();
      }
      int appended = context[0] + context[1];
      keys.append(keys.batch(slots, positions), slots, positions, normal(DType.F32, 2, appended, 2, width), normal(DType.F32, 3, appended, 2, values));
      Ragged batch = keys.batch(slots, last);
      int n = tokens[0] + tokens[1];
      Tensor q = normal(aligned() ? kept : DType.F32, 1, n, 2L * group, width);
      Tensor y = harness.output(aligned() ? DType.F32 : kept, n, 2L * group, values);
      float scale = (float) (1 / Math.sqrt(width));
      Attention.Options options = new Attention.Options(aligned() ? scale : -scale, true, aligned() ? 0 : 61, softcap);
      Optional<Tensor> sinks = aligned() ? Optional.empty() : Optional.of(harness.vector(Inputs.normal(4, 2 * group, 1)));
      harness.check(new Attention(q, new Kv.Paged(keys.first(), 0), batch, options, sinks, y),
          engine -> new Attention(q, new Kv.Paged(keys.on(engine), 0), batch, options, sinks, y), keys.host(),
          rounded(kept), true);
    }
  }

  private void append(DType kept) {
    int width = aligned() ? 64 : kept == DType.Q8_0 ? 96 : 37;
    int tokens = aligned() ? 8 : 7;
    try (PagedKeys keys = new PagedKeys(harness, PagedKeys.spec(3, width, kept))) {
      int[] slots = {keys.open()};
      int[][] positions = {IntStream.range(0, tokens).toArray()};
      keys.reserve(slots[0], 0, tokens);
      keys.append(keys.batch(slots, positions), slots, positions, normal(DType.F32, 2, tokens, 3, width),
          normal(DType.F32, 3, tokens, 3, width));
      for (Engine engine : keys.engines()) {
        for (KvCache.Part part : KvCache.Part.values()) {
          for (int at = 0; at < 3 * tokens; at++) {
            float[] actual = keys.on(engine).read(engine.stream(), slots[0], 1, part, at / 3, at % 3);
            double[] expected = Formats.rounded(DType.F32, keys.expected(part, 1, slots[0], at / 3, at % 3));
            assertThat(IntStream.range(0, actual.length).mapToDouble(i -> actual[i]).toArray())
                .as("%s, %s of position %d", engine, part, at / 3).containsExactly(expected);
          }
        }
      }
    }
  }

  /** A program that becomes one launch, held to the oracle's operators one after the other. */
  void turnAndAppend() {
    int width = aligned() ? 64 : 38;
    int tokens = aligned() ? 8 : 7;
    Rotation rotation = aligned() ? new Rotation(Rotation.Pairs.INTERLEAVED, 64, 10_000) : new Rotation(Rotation.Pairs.HALF_SPLIT, 30, 10_000);
    try (PagedKeys keys = new PagedKeys(harness, PagedKeys.spec(3, width, DType.F32))) {
      int slot = keys.open();
      int[] positions = IntStream.range(0, tokens).toArray();
      keys.reserve(slot, 0, tokens);
      Ragged batch = keys.batch(new int[] {slot}, positions);
      Tensor norm = harness.vector(Inputs.uniform(5, width, 0.5, 1.5));
      Tensor q = normal(DType.F32, 1, tokens, 6, width);
      Tensor k = normal(DType.F32, 2, tokens, 3, width);
      Tensor v = normal(DType.F32, 3, tokens, 3, width);
      Tensor turned = harness.place(DType.F32, aligned() ? Placement.PACKED : Placement.STRIDED, tokens, 6, width);
      double[] queries = turned(q, norm, batch, rotation);
      double[] written = turned(k, norm, batch, rotation);
      for (Engine engine : harness.engines()) {
        Mirror mirror = harness.mirror(engine);
        Ragged there = new Ragged(mirror.view(batch.starts()), mirror.view(batch.slots()), mirror.view(batch.positions()));
        Program.Builder builder = Program.builder("write").input(mirror.view(q)).input(mirror.view(k)).input(mirror.view(v)).output(mirror.view(turned));
        Tensor normed = builder.temporary("normed", DType.F32, tokens, 6, width);
        Tensor made = builder.temporary("made", DType.F32, tokens, 3, width);
        builder.add(new RmsNorm(mirror.view(q), mirror.view(norm), EPSILON, normed))
            .add(new Rope(normed, there.positions(), Optional.empty(), rotation, mirror.view(turned)))
            .add(new RmsNorm(mirror.view(k), mirror.view(norm), EPSILON, made)).add(new Rope(made, there.positions(), Optional.empty(), rotation, made))
            .add(new KvAppend(made, mirror.view(v), there, keys.on(engine), 1));
        try (Executable executable = mirror.compile(builder.build())) {
          mirror.submit(executable);
        }
        OperatorHarness.compare(engine + ": queries", DType.F32, queries, Elements.all(Host.buffers(), turned), F32_BOUND);
        double[] values = Elements.all(Host.buffers(), v);
        for (int row = 0; row < 3 * tokens; row++) {
          for (KvCache.Part part : KvCache.Part.values()) {
            float[] actual = keys.on(engine).read(engine.stream(), slot, 1, part, row / 3, row % 3);
            double[] expected = Arrays.copyOfRange(part == KvCache.Part.KEY ? written : values, row * width, (row + 1) * width);
            OperatorHarness.compare(engine + ", " + part + " " + row, DType.F32, expected, IntStream.range(0, width).mapToDouble(i -> actual[i]).toArray(),
                F32_BOUND);
          }
        }
      }
    }
  }

  private double[] turned(Tensor x, Tensor norm, Ragged batch, Rotation rotation) {
    Tensor normed = harness.output(DType.F32, x.shape().sizes());
    harness.fill(normed, Oracle.compute(new RmsNorm(x, norm, EPSILON, normed), Host.buffers()).get("y"));
    return Oracle.compute(new Rope(normed, batch.positions(), Optional.empty(), rotation, normed), Host.buffers()).get("y");
  }

  private void sample() {
    int n = aligned() ? 512 : 1031;
    Tensor x = harness.input(DType.F32, Inputs.normal(1, 3 * n, 2), 3, n);
    Tensor controls = harness.input(DType.F32, new double[] {0.8, 0.95, 0.05, 40, 1, 1, 0, 0, 1.5, 0.5, 0, 3}, 3, 4);
    Tensor seeds = harness.input(DType.I32, new double[] {1, 2, 3, 4, 5, 6, 7, 8, 9}, 3, 3);
    Sample op = new Sample(x, controls, seeds, harness.ints(0, 17, 100_000), harness.output(DType.I32, 3));
    List<Distribution> distributions = Oracle.distributions(op, Host.buffers());
    for (Engine engine : harness.engines()) {
      harness.run(engine, op);
      double[] ids = Elements.all(Host.buffers(), op.ids());
      for (int r = 0; r < ids.length; r++) {
        assertThat(distributions.get(r).allows((int) ids[r], CUMULATIVE)).as("%s, row %d drew %s", engine, r, ids[r]).isTrue();
      }
      harness.run(engine, op);
      assertThat(Elements.all(Host.buffers(), op.ids())).as("%s: a second run", engine).containsExactly(ids);
    }
  }
}
