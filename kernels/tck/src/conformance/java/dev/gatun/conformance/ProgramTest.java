package dev.gatun.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Add;
import dev.gatun.Argmax;
import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.Explanation;
import dev.gatun.Kv;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.Matmul;
import dev.gatun.Operator;
import dev.gatun.Program;
import dev.gatun.Ragged;
import dev.gatun.RmsNorm;
import dev.gatun.Rope;
import dev.gatun.Rotation;
import dev.gatun.SiluMul;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.CacheView;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Inputs;
import dev.gatun.tck.oracle.Nmse;
import dev.gatun.tck.oracle.Oracle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A decoder layer as one program, held to the oracle run over its operators one after the other. */
class ProgramTest {
  private static final int TOKENS = 5;
  private static final int WIDTH = 64;
  private static final int HIDDEN = 96;
  private static final int HEADS = 4;
  private static final int KV_HEADS = 2;
  private static final int SIZE = 16;
  private static final int VOCABULARY = 101;

  /** A layer's weights, the same for every run. */
  private record Weights(Tensor norm1, Tensor q, Tensor k, Tensor v, Tensor o, Tensor norm2, Tensor gate, Tensor up, Tensor down,
      Tensor head) {
    Weights on(Mirror to) {
      return new Weights(to.view(norm1), to.view(q), to.view(k), to.view(v), to.view(o), to.view(norm2), to.view(gate), to.view(up),
          to.view(down), to.view(head));
    }
  }

  /** Where a layer's results go: real tensors or a program's temporaries. */
  private interface Places {
    Tensor place(String name, long... shape);
  }

  @RegisterExtension
  static final OperatorHarness HARNESS = OperatorHarness.ofPrograms();

  private static Tensor place(DType dtype, long... shape) {
    return HARNESS.place(dtype, Placement.PACKED, shape);
  }

  private static Weights weights(DType type) {
    return new Weights(norm(1), matrix(type, 2, WIDTH, WIDTH), matrix(type, 3, KV_HEADS * SIZE, WIDTH),
        matrix(type, 4, KV_HEADS * SIZE, WIDTH),
        matrix(type, 5, WIDTH, WIDTH), norm(6), matrix(type, 7, HIDDEN, WIDTH), matrix(type, 8, HIDDEN, WIDTH),
            matrix(type, 9, WIDTH, HIDDEN),
        matrix(type, 10, VOCABULARY, WIDTH));
  }

  private static Tensor norm(long seed) {
    return HARNESS.input(DType.F32, Inputs.uniform(seed, WIDTH, 0.5, 1.5), WIDTH);
  }

  private static Tensor matrix(DType type, long seed, int n, int k) {
    return HARNESS.input(type, Inputs.normal(seed, n * k, 1 / Math.sqrt(k)), n, k);
  }

  private static List<Operator> layer(Weights w, Tensor x, Ragged batch, KvCache cache, Tensor logits, Tensor ids, Places places) {
    Rotation rotation = new Rotation(Rotation.Pairs.INTERLEAVED, SIZE, 10_000);
    List<Operator> list = new ArrayList<>();
    Tensor h = places.place("h", TOKENS, WIDTH);
    list.add(new RmsNorm(x, w.norm1, 1e-5f, h));
    Tensor q = places.place("q", TOKENS, HEADS * SIZE);
    Tensor k = places.place("k", TOKENS, KV_HEADS * SIZE);
    Tensor v = places.place("v", TOKENS, KV_HEADS * SIZE);
    list.add(new Matmul(h, w.q, q));
    list.add(new Matmul(h, w.k, k));
    list.add(new Matmul(h, w.v, v));
    Tensor qHeads = q.reshape(TOKENS, HEADS, SIZE);
    Tensor kHeads = k.reshape(TOKENS, KV_HEADS, SIZE);
    list.add(new Rope(qHeads, batch.positions(), Optional.empty(), rotation, qHeads));
    list.add(new Rope(kHeads, batch.positions(), Optional.empty(), rotation, kHeads));
    list.add(new KvAppend(kHeads, v.reshape(TOKENS, KV_HEADS, SIZE), batch, cache, 0));
    Tensor a = places.place("a", TOKENS, HEADS * SIZE);
    list.add(new Attention(qHeads, new Kv.Paged(cache, 0), batch, Attention.Options.causal(0.25f), Optional.empty(),
        a.reshape(TOKENS, HEADS, SIZE)));
    Tensor o = places.place("o", TOKENS, WIDTH);
    list.add(new Matmul(a, w.o, o));
    Tensor r = places.place("r", TOKENS, WIDTH);
    list.add(new Add(x, o, r));
    Tensor h2 = places.place("h2", TOKENS, WIDTH);
    list.add(new RmsNorm(r, w.norm2, 1e-5f, h2));
    Tensor gate = places.place("gate", TOKENS, HIDDEN);
    Tensor up = places.place("up", TOKENS, HIDDEN);
    list.add(new Matmul(h2, w.gate, gate));
    list.add(new Matmul(h2, w.up, up));
    list.add(new SiluMul(gate, up, gate));
    Tensor down = places.place("down", TOKENS, WIDTH);
    list.add(new Matmul(gate, w.down, down));
    list.add(new Add(r, down, r));
    list.add(new Matmul(r, w.head, logits));
    list.add(new Argmax(logits, ids));
    return list;
  }

  /** Runs the operators through the oracle, each result rounded to its tensor, keys and values kept in float64 on the side. */
  private static void truth(List<Operator> operators, int[] positions) {
    double[][] keys = new double[16 * KV_HEADS][SIZE];
    double[][] values = new double[16 * KV_HEADS][SIZE];
    CacheView view = (part, layer, slot, position, head) -> (part == KvCache.Part.KEY ? keys : values)[position * KV_HEADS + head];
    for (Operator operator : operators) {
      Map<String, double[]> results = Oracle.compute(operator, Host.withCache(cache -> view));
      if (operator instanceof KvAppend) {
        for (int i = 0; i < positions.length * KV_HEADS; i++) {
          int at = positions[i / KV_HEADS] * KV_HEADS + i % KV_HEADS;
          keys[at] = Arrays.copyOfRange(results.get("k"), i * SIZE, (i + 1) * SIZE);
          values[at] = Arrays.copyOfRange(results.get("v"), i * SIZE, (i + 1) * SIZE);
        }
      }
      operator.operands().stream().filter(o -> o.access() == Operator.Access.WRITE)
          .forEach(o -> Elements.write(Host.buffers(), o.tensor(), results.get(o.name())));
    }
  }

  @ParameterizedTest
  @CsvSource({"F32, 1e-9", "F16, 1e-9", "BF16, 1e-9", "Q8_0, 1e-3", "Q4_0, 1e-3", "Q4_1, 1e-3", "Q5_0, 1e-3"})
  void aProgramLeavesWhatItsOperatorsWould(DType type, double bound) {
    Weights weights = weights(type);
    Tensor x = HARNESS.input(DType.F32, Inputs.normal(11, TOKENS * WIDTH, 1), TOKENS, WIDTH);
    int[] positions = {0, 1, 2, 3, 4};
    Ragged batch = new Ragged(HARNESS.ints(0, TOKENS), HARNESS.ints(0), HARNESS.ints(positions));
    Tensor logits = place(DType.F32, TOKENS, VOCABULARY);
    Tensor ids = place(DType.I32, TOKENS);
    byte[][] before = HARNESS.areas().snapshot();
    double[] expected = {};
    double[] expectedIds = {};
    Map<String, double[]> kinds = new HashMap<>();
    for (Engine engine : HARNESS.engines()) {
      Mirror mirror = HARNESS.mirror(engine);
      try (KvCache cache = engine.backend().newKvCache(new KvCache.Spec(1, KV_HEADS, SIZE, SIZE, DType.F32, 4, 4, 1, 16))) {
        cache.poison(engine.stream());
        cache.reserve(engine.stream(), cache.open(), 0, TOKENS);
        if (expected.length == 0) {
          truth(layer(weights, x, batch, cache, logits, ids, (name, shape) -> place(DType.F32, shape)), positions);
          expected = Elements.all(Host.buffers(), logits);
          expectedIds = Elements.all(Host.buffers(), ids);
        }
        HARNESS.areas().restore(before);
        Tensor[] out = {mirror.view(logits), mirror.view(ids)};
        Ragged seen = new Ragged(mirror.view(batch.starts()), mirror.view(batch.slots()), mirror.view(batch.positions()));
        Tensor in = mirror.view(x);
        Program.Builder builder = Program.builder("layer").input(in, seen.starts(), seen.slots(), seen.positions()).output(out);
        layer(weights.on(mirror), in, seen, cache, out[0], out[1], (name, shape) -> builder.temporary(name, DType.F32, shape))
            .forEach(builder::add);
        try (Executable step = mirror.compile(builder.build())) {
          mirror.submit(step);
          double[] first = Elements.all(Host.buffers(), logits);
          assertThat(Nmse.of(expected, first)).as("%s", engine).isLessThanOrEqualTo(bound);
          if (type.isFloat()) {
            assertThat(Elements.all(Host.buffers(), ids)).as("%s", engine).containsExactly(expectedIds);
          }
          mirror.submit(step);
          assertThat(Elements.all(Host.buffers(), logits)).as("%s: a replay", engine).containsExactly(first);
          assertThat(first).as("%s: another engine of its kind", engine).containsExactly(kinds.computeIfAbsent(engine.kind(), k -> first));
          Explanation explanation = step.explain();
          List<String> explained = explanation.steps().stream().flatMap(s -> s.sources().stream()).toList();
          // Several steps may do one operator, each of which names it.
          assertThat(explained).as("%s: what is explained", engine).hasSizeGreaterThanOrEqualTo(step.program().operators().size());
          assertThat(new HashSet<>(explained)).as("%s: every operator is explained", engine)
              .isEqualTo(step.program().operators().stream().map(o -> o.toCase().line()).collect(Collectors.toSet()));
        }
        BitSet[] written = HARNESS.areas().nothing();
        HARNESS.areas().mark(written, logits, TOKENS);
        HARNESS.areas().mark(written, ids, TOKENS);
        assertThat(HARNESS.areas().difference(before, HARNESS.areas().snapshot(), written)).as("%s: inputs, weights and guards", engine)
            .isEmpty();
      }
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("engines")
  void aReplaySeesNewInputsAndCounts(Engine engine) {
    Tensor count = HARNESS.ints(3);
    Tensor x = HARNESS.input(DType.F32, Inputs.normal(1, 4 * 32, 1), 4, 32).withCount(count);
    Tensor w = matrix(DType.F32, 2, 8, 32);
    Tensor norm = HARNESS.input(DType.F32, Inputs.uniform(3, 32, 0.5, 1.5), 32);
    Tensor y = place(DType.F32, 4, 8).withCount(count);
    Mirror mirror = HARNESS.mirror(engine);
    Program.Builder builder = Program.builder("two").input(mirror.view(x), mirror.view(count)).output(mirror.view(y));
    Tensor h = builder.temporary("h", DType.F32, 4, 32).withCount(mirror.view(count));
    builder.add(new RmsNorm(mirror.view(x), mirror.view(norm), 1e-5f, h)).add(new Matmul(h, mirror.view(w), mirror.view(y)));
    try (Executable two = mirror.compile(builder.build())) {
      for (int rows : new int[] {3, 1, 0, 4}) {
        Elements.write(Host.buffers(), count, rows);
        Elements.write(Host.buffers(), x, Inputs.normal(20 + rows, 4 * 32, 1));
        Elements.write(Host.buffers(), y.withoutCount(), new double[32]);
        mirror.submit(two);
        Tensor real = place(DType.F32, 4, 32).withCount(count);
        Elements.write(Host.buffers(), real, Oracle.compute(new RmsNorm(x, norm, 1e-5f, real), Host.buffers()).get("y"));
        double[] expected = Arrays.copyOf(Oracle.compute(new Matmul(real, w, y), Host.buffers()).get("y"), 32);
        assertThat(Nmse.of(expected, Elements.all(Host.buffers(), y.withoutCount()))).as("%d rows", rows).isLessThanOrEqualTo(1e-10);
      }
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("engines")
  void profilingMeasuresEveryStepAndLeavesTheSameResult(Engine engine) {
    Tensor x = HARNESS.input(DType.F32, Inputs.normal(1, 4 * 64, 1), 4, 64);
    Tensor w = matrix(DType.F32, 2, 200, 64);
    Tensor y = place(DType.F32, 4, 200);
    Mirror mirror = HARNESS.mirror(engine);
    try (Executable one = mirror.compile(Program.of(mirror.over(new Matmul(x, w, y))))) {
      mirror.submit(one);
      double[] before = Elements.all(Host.buffers(), y);
      assertThat(Arrays.stream(before)).allMatch(Double::isFinite);
      List<Explanation.Step> steps = one.profile(engine.stream(), 3);
      assertThat(one.time(engine.stream(), 3)).hasSize(3).isNotEqualTo(new long[3]);
      mirror.download();
      assertThat(steps).isNotEmpty();
      assertThat(steps).allSatisfy(step -> assertThat(step.bytes()).isPositive());
      assertThat(Elements.all(Host.buffers(), y)).containsExactly(before);
    }
  }

  static List<Engine> engines() {
    return HARNESS.engines();
  }
}
