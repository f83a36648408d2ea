package dev.gatun.conformance;

import static dev.gatun.conformance.OperatorHarness.F32_BOUND;
import static dev.gatun.conformance.OperatorHarness.ROUNDED_BOUND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Attention;
import dev.gatun.Attention.Options;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.KvCache;
import dev.gatun.Ragged;
import dev.gatun.Tensor;
import dev.gatun.conformance.Engine.Extra;
import dev.gatun.spi.Unsupported;
import dev.gatun.tck.oracle.Inputs;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each case runs over dense keys and over a paged cache that holds the same. */
class AttentionTest {
  @RegisterExtension
  static final OperatorHarness HARNESS = new OperatorHarness();

  /** Sequence i has {@code context[i]} keys, of which the last {@code tokens[i]} are queried. */
  private record Step(int[] context, int[] tokens, int kvHeads, int group, int size, DType q, DType keys, DType y, Placement placement,
      Options options, boolean sinks) {
    Step(int[] context, int[] tokens, int kvHeads, int group, int size, Options options) {
      this(context, tokens, kvHeads, group, size, DType.F32, DType.F32, DType.F32, Placement.PACKED, options, false);
    }

    int queried() {
      return Arrays.stream(tokens).sum();
    }

    int[] positions(int s) {
      return IntStream.range(context[s] - tokens[s], context[s]).toArray();
    }

    Tensor query() {
      int n = queried() * kvHeads * group * size;
      return HARNESS.fill(HARNESS.place(q, placement, queried(), kvHeads * group, size), Inputs.normal(1, n, 1));
    }

    Tensor out() {
      return HARNESS.place(y, placement, queried(), kvHeads * group, size);
    }

    Tensor kv(DType type, long seed) {
      int keyCount = Arrays.stream(context).sum();
      return HARNESS.fill(HARNESS.place(type, placement, keyCount, kvHeads, size), Inputs.normal(seed, keyCount * kvHeads * size, 1));
    }

    Optional<Tensor> sinkScores() {
      return sinks ? Optional.of(HARNESS.vector(Inputs.normal(9, kvHeads * group, 1))) : Optional.empty();
    }

    double bound() {
      return keys.isFloat() || keys == DType.F8_E4M3 || keys == DType.F8_E5M2 ? F32_BOUND : ROUNDED_BOUND;
    }

    void checkDense() {
      int[] starts = starts(tokens);
      int[] positions = IntStream.range(0, tokens.length).flatMap(s -> Arrays.stream(positions(s))).toArray();
      Ragged batch = new Ragged(HARNESS.ints(starts), HARNESS.ints(new int[tokens.length]), HARNESS.ints(positions));
      Kv kv = new Kv.Dense(kv(keys, 2), kv(keys, 3), HARNESS.ints(starts(context)));
      HARNESS.check(new Attention(query(), kv, batch, options, sinkScores(), out()), bound());
    }

    void checkPaged() {
      checkPaged(4, 64, 160);
    }

    void checkPaged(int pageTokens, int pages, int slotTokens) {
      KvCache.Spec spec = new KvCache.Spec(2, kvHeads, size, size, keys, pageTokens, pages, 8, slotTokens);
      try (PagedKeys paged = new PagedKeys(HARNESS, spec)) {
        int[] slots = new int[context.length];
        int[][] all = new int[context.length][];
        int[][] queried = new int[context.length][];
        for (int s = slots.length - 1; s >= 0; s--) {
          slots[s] = paged.open();
          paged.reserve(slots[s], 0, context[s]);
          all[s] = IntStream.range(0, context[s]).toArray();
          queried[s] = positions(s);
        }
        paged.append(paged.batch(slots, all), slots, all, kv(DType.F32, 2), kv(DType.F32, 3));
        Ragged batch = paged.batch(slots, queried);
        Tensor query = query();
        Tensor out = out();
        Optional<Tensor> sinkScores = sinkScores();
        for (int layer = 0; layer < 2; layer++) {
          int l = layer;
          HARNESS.check(new Attention(query, new Kv.Paged(paged.first(), l), batch, options, sinkScores, out),
              engine -> new Attention(query, new Kv.Paged(paged.on(engine), l), batch, options, sinkScores, out), paged.host(), bound(),
              true);
        }
      }
    }

    private static int[] starts(int[] counts) {
      int[] starts = new int[counts.length + 1];
      for (int s = 0; s < counts.length; s++) {
        starts[s + 1] = starts[s] + counts[s];
      }
      return starts;
    }

    void check() {
      if (keys.isFloat()) {
        checkDense();
      }
      checkPaged();
    }
  }

  private static Options causal(int size) {
    return Options.causal((float) (1 / Math.sqrt(size)));
  }

  static Stream<Arguments> headSizes() {
    return IntStream.of(16, 24, 40, 64, 80, 96, 128, 192, 256).boxed().flatMap(size -> IntStream.of(1, 3)
        .mapToObj(group -> Arguments.of(size, group)));
  }

  @ParameterizedTest
  @MethodSource("headSizes")
  void servesEveryHeadSize(int size, int group) {
    new Step(new int[] {7, 13}, new int[] {7, 1}, 2, group, size, causal(size)).check();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5})
  void sharesKeyHeadsAmongAnyNumberOfQueryHeads(int group) {
    for (int kvHeads : new int[] {1, 2, 3}) {
      new Step(new int[] {9}, new int[] {4}, kvHeads, group, 24, causal(24)).check();
      new Step(new int[] {17}, new int[] {1}, kvHeads, group, 24, causal(24)).check();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 8, 15, 16, 17, 31, 33, 63, 127})
  void decodesOverEveryContextLength(int context) {
    new Step(new int[] {context}, new int[] {1}, 2, 2, 40, causal(40)).check();
    new Step(new int[] {context}, new int[] {HARNESS.sized(context, Math.min(context, 33))}, 1, 2, 16, causal(16)).check();
  }

  static Stream<Options> masks() {
    return Stream.of(new Options(0.2f, true, 0, 0), new Options(0.2f, true, 1, 0), new Options(0.2f, true, 3, 0),
        new Options(0.2f, true, 4, 0),
        new Options(0.2f, true, 1000, 0), new Options(0.2f, true, 0, 3), new Options(0.2f, true, 5, 0.5f), new Options(0.2f, false, 0, 0),
        new Options(0.2f, false, 6, 2), new Options(0, true, 0, 0), new Options(-1, true, 0, 0));
  }

  @ParameterizedTest
  @MethodSource("masks")
  void followsMaskWindowScaleAndSoftcap(Options options) {
    for (boolean sinks : new boolean[] {false, true}) {
      new Step(new int[] {11, 6, 1}, new int[] {5, 1, 1}, 2, 2, 24, DType.F32, DType.F32, DType.F32, Placement.PACKED, options, sinks)
          .check();
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
  void takesEveryFloatTypeAtEveryPlacement(DType keys) {
    for (DType q : new DType[] {DType.F32, DType.F16, DType.BF16}) {
      for (DType y : new DType[] {DType.F32, DType.F16, DType.BF16}) {
        for (Placement placement : Placement.values()) {
          new Step(new int[] {9, 3}, new int[] {3, 1}, 2, 2, 40, q, keys, y, placement, causal(40), false).check();
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F8_E4M3", "F8_E5M2", "Q8_0"})
  void readsNarrowCachesOrSaysWhyNot(DType keys) {
    HARNESS.needs(Extra.NARROW_CACHES);
    Step step = new Step(new int[] {9, 3}, new int[] {3, 1}, 2, 2, 64, DType.F32, keys, DType.F32, Placement.PACKED, causal(64), false);
    KvCache.Spec spec = new KvCache.Spec(2, 2, 64, 64, keys, 4, 64, 8, 160);
    Engine engine = HARNESS.engines().getFirst();
    try (KvCache cache = engine.backend().newKvCache(spec)) {
      Attention probe = new Attention(step.query(), new Kv.Paged(cache, 0), new Ragged(HARNESS.ints(0, 4), HARNESS.ints(0),
          HARNESS.ints(0, 1, 2, 3)),
          step.options(), Optional.empty(), step.out());
      if (engine.backend().plan(probe) instanceof Unsupported unsupported) {
        Assumptions.abort(unsupported.reason());
      }
    }
    step.checkPaged();
  }

  static Stream<Arguments> typesAndSizes() {
    return Stream.of(DType.F32, DType.F16, DType.BF16, DType.F8_E4M3, DType.F8_E5M2, DType.Q8_0)
        .flatMap(keys -> IntStream.of(64, 128, 256).mapToObj(size -> Arguments.of(keys, size)));
  }

  /** Steps of one token a sequence, and steps that mix them with longer ones, for small groups of query heads and for large ones. */
  @ParameterizedTest
  @MethodSource("typesAndSizes")
  void mixesPrefillAndDecodeInEveryTypeAndSize(DType keys, int size) {
    if (!keys.isFloat()) {
      HARNESS.needs(Extra.NARROW_CACHES);
    }
    for (int group : new int[] {2, 7}) {
      for (int[] tokens : new int[][] {{1, 1}, {1, 9}}) {
        new Step(new int[] {150, 37}, tokens, 1, group, size, DType.F32, keys, DType.F32, Placement.PACKED, causal(size), group == 2)
            .checkPaged(16, 24, 160);
      }
    }
  }

  static Stream<Options> longMasks() {
    return Stream.of(new Options(0.2f, true, 0, 0), new Options(0.2f, true, 3, 0), new Options(0.2f, true, 129, 2),
        new Options(0.2f, true, 300, 0), new Options(0.2f, false, 0, 0), new Options(0.2f, false, 40, 0));
  }

  /** Pages whose size is no power of two, windows that begin within one and that are smaller than one, and more keys than one worker takes. */
  @ParameterizedTest
  @MethodSource("longMasks")
  void goesOverManyPages(Options options) {
    for (int[] tokens : new int[][] {{1, 1, 1}, {40, 1, 0}}) {
      for (DType keys : new DType[] {DType.F32, DType.F16}) {
        new Step(new int[] {700, 131, 64}, tokens, 1, 4, 24, DType.F32, keys, DType.F32, Placement.PACKED, options, true)
            .checkPaged(12, 80, 712);
      }
    }
  }

  /** Position 4 has a page that nothing was written to, position 8 has none. */
  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16"})
  void aPositionThatIsSeenButNotThereIsNotPassedOver(DType type) {
    try (PagedKeys keys = new PagedKeys(HARNESS, PagedKeys.spec(1, 24, type))) {
      int slot = keys.open();
      keys.reserve(slot, 0, 6);
      append(keys, slot, 1, 0, 1, 2, 3);
      for (int[] positions : new int[][] {{3}, {2, 3, 4}, {3, 8}, IntStream.range(0, 9).toArray()}) {
        Ragged batch = keys.batch(new int[] {slot}, positions);
        int n = positions.length;
        Tensor q = HARNESS.input(DType.F32, Inputs.normal(1, n * 2 * 24, 1), n, 2, 24);
        Tensor y = HARNESS.output(DType.F32, n, 2, 24);
        HARNESS.check(new Attention(q, new Kv.Paged(keys.first(), 0), batch, causal(24), Optional.empty(), y),
            engine -> new Attention(q, new Kv.Paged(keys.on(engine), 0), batch, causal(24), Optional.empty(), y), keys.host(), F32_BOUND,
            true);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
  void aValueThatATokenDoesNotSeeDoesNotTouchIt(DType type) {
    for (double stray : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      double[] v = Inputs.normal(3, 6 * 16, 1);
      v[5 * 16 + 3] = stray;
      Kv kv = new Kv.Dense(HARNESS.input(type, Inputs.normal(2, 6 * 16, 1), 6, 1, 16), HARNESS.input(type, v, 6, 1, 16), HARNESS.ints(0, 6));
      Ragged batch = new Ragged(HARNESS.ints(0, 2), HARNESS.ints(0), HARNESS.ints(4, 5));
      Tensor q = HARNESS.input(DType.F32, Inputs.normal(1, 2 * 2 * 16, 1), 2, 2, 16);
      Tensor y = HARNESS.output(DType.F32, 2, 2, 16);
      for (Engine engine : HARNESS.engines()) {
        HARNESS.run(engine, new Attention(q, kv, batch, causal(16), Optional.empty(), y));
        double[] bits = OperatorHarness.bits(y);
        assertThat(Arrays.stream(bits, 0, 32).allMatch(Double::isFinite)).as("%s: the token before", engine).isTrue();
        assertThat(Arrays.stream(bits, 32, 64).filter(e -> !Double.isFinite(e)).count()).as("%s: the token itself", engine).isEqualTo(2);
      }
    }
  }

  @Test
  void emptySequencesAndStepsAreNothing() {
    new Step(new int[] {5, 0, 7}, new int[] {2, 0, 0}, 1, 2, 16, causal(16)).checkDense();
    new Step(new int[] {5, 0, 7}, new int[] {2, 0, 0}, 1, 2, 16, causal(16)).checkPaged();
    new Step(new int[] {5}, new int[] {0}, 1, 2, 16, causal(16)).check();
  }

  @Test
  void aTokenThatSeesNoKeyGetsZeros() {
    Kv kv = new Kv.Dense(HARNESS.output(DType.F32, 0, 1, 16), HARNESS.output(DType.F32, 0, 1, 16), HARNESS.ints(0, 0));
    Tensor q = HARNESS.input(DType.F32, Inputs.normal(1, 2 * 2 * 16, 1), 2, 2, 16);
    Ragged batch = new Ragged(HARNESS.ints(0, 2), HARNESS.ints(0), HARNESS.ints(0, 1));
    for (Optional<Tensor> sinks : List.of(Optional.<Tensor>empty(), Optional.of(HARNESS.vector(1, 2)))) {
      HARNESS.check(new Attention(q, kv, batch, Options.causal(1), sinks, HARNESS.output(DType.F32, 2, 2, 16)), OperatorHarness.EXACT);
    }
    Kv few = new Kv.Dense(HARNESS.input(DType.F32, new double[32], 2, 1, 16), HARNESS.input(DType.F32, Inputs.normal(2, 32, 1), 2, 1, 16),
        HARNESS.ints(0, 2));
    Ragged far = new Ragged(HARNESS.ints(0, 2), HARNESS.ints(0), HARNESS.ints(3, 9));
    HARNESS.check(new Attention(q, few, far, new Options(1, true, 2, 0), Optional.empty(), HARNESS.output(DType.F32, 2, 2, 16)), F32_BOUND);
  }

  @Test
  void valuesMayHaveAnotherSizeThanKeys() {
    Kv kv = new Kv.Dense(HARNESS.input(DType.F32, Inputs.normal(2, 5 * 2 * 24, 1), 5, 2, 24),
        HARNESS.input(DType.F32, Inputs.normal(3, 5 * 2 * 10, 1), 5, 2, 10),
        HARNESS.ints(0, 5));
    Tensor q = HARNESS.input(DType.F32, Inputs.normal(1, 3 * 4 * 24, 1), 3, 4, 24);
    Ragged batch = new Ragged(HARNESS.ints(0, 3), HARNESS.ints(0), HARNESS.ints(2, 3, 4));
    HARNESS.check(new Attention(q, kv, batch, causal(24), Optional.empty(), HARNESS.output(DType.F32, 3, 4, 10)), F32_BOUND);
  }

  @Test
  void countsEndSequencesAndTokens() {
    for (int sequences = 0; sequences <= 2; sequences++) {
      HARNESS.fresh();
      int tokens = 2 * sequences;
      Tensor count = HARNESS.ints(tokens);
      Tensor q = HARNESS.fill(HARNESS.output(DType.F32, 6, 2, 16), Inputs.normal(1, tokens * 32, 1)).withCount(count);
      Kv kv = new Kv.Dense(HARNESS.input(DType.F32, Inputs.normal(2, 96, 1), 6, 1, 16),
          HARNESS.input(DType.F32, Inputs.normal(3, 96, 1), 6, 1, 16),
          HARNESS.ints(0, 3, 6, 1_000_000));
      Ragged batch = new Ragged(HARNESS.ints(0, 2, 4, -7), HARNESS.ints(0, 1, 99).withCount(HARNESS.ints(sequences)),
          HARNESS.ints(1, 2, 0, 2, -1, -1).withCount(count));
      HARNESS.check(new Attention(q, kv, batch, causal(16), Optional.empty(), HARNESS.output(DType.F32, 6, 2, 16).withCount(count)),
          F32_BOUND);
    }
  }

  @Test
  void scoresFarApartDoNotOverflow() {
    for (float scale : new float[] {50, 1e4f, -1e4f}) {
      new Step(new int[] {40}, new int[] {3}, 1, 2, 16, Options.causal(scale)).checkDense();
    }
  }

  @Test
  void aForkedSequenceIsReadFromItsOwnAndItsSharedPages() {
    try (PagedKeys keys = new PagedKeys(HARNESS, PagedKeys.spec(1, 24, DType.F16))) {
      int slot = keys.open();
      keys.reserve(slot, 0, 6);
      append(keys, slot, 1, IntStream.range(0, 6).toArray());
      int copy = keys.fork(slot);
      keys.reserve(copy, 6, 7);
      append(keys, copy, 5, 6);
      keys.reserve(slot, 6, 8);
      append(keys, slot, 7, 6, 7);
      Ragged batch = keys.batch(new int[] {copy, slot}, new int[] {6}, new int[] {7});
      Tensor q = HARNESS.input(DType.F32, Inputs.normal(1, 2 * 2 * 24, 1), 2, 2, 24);
      Tensor y = HARNESS.output(DType.F32, 2, 2, 24);
      HARNESS.check(new Attention(q, new Kv.Paged(keys.first(), 0), batch, causal(24), Optional.empty(), y),
          engine -> new Attention(q, new Kv.Paged(keys.on(engine), 0), batch, causal(24), Optional.empty(), y), keys.host(), F32_BOUND,
          true);
    }
  }

  private static void append(PagedKeys keys, int slot, long seed, int... positions) {
    int[] slots = {slot};
    int n = positions.length;
    keys.append(keys.batch(slots, positions), slots, new int[][] {positions}, HARNESS.input(DType.F32, Inputs.normal(seed, n * 24, 1), n, 1,
        24),
        HARNESS.input(DType.F32, Inputs.normal(seed + 1, n * 24, 1), n, 1, 24));
  }

  @Test
  void noSequenceChangesAnother() {
    double[] q = Inputs.normal(1, 4 * 2 * 16, 1);
    double[] k = Inputs.normal(2, 12 * 16, 1);
    double[] v = Inputs.normal(3, 12 * 16, 1);
    Ragged batch = new Ragged(HARNESS.ints(0, 2, 4), HARNESS.ints(0, 1), HARNESS.ints(4, 5, 4, 5));
    Tensor y = HARNESS.output(DType.F32, 4, 2, 16);
    for (Engine engine : HARNESS.engines()) {
      double[][] rows = new double[2][];
      for (int round = 0; round < 2; round++) {
        Kv kv = new Kv.Dense(HARNESS.input(DType.F32, k, 12, 1, 16), HARNESS.input(DType.F32, v, 12, 1, 16), HARNESS.ints(0, 6, 12));
        HARNESS.run(engine, new Attention(HARNESS.input(DType.F32, q, 4, 2, 16), kv, batch, causal(16), Optional.empty(), y));
        rows[round] = Arrays.copyOf(OperatorHarness.bits(y), 2 * 2 * 16);
        Arrays.fill(q, 64, 128, Double.NaN);
        Arrays.fill(k, 96, 192, Double.POSITIVE_INFINITY);
        Arrays.fill(v, 96, 192, Double.NaN);
      }
      assertThat(rows[1]).as(engine.label()).containsExactly(rows[0]);
      q = Inputs.normal(1, 4 * 2 * 16, 1);
      k = Inputs.normal(2, 12 * 16, 1);
      v = Inputs.normal(3, 12 * 16, 1);
    }
  }

  @Test
  void nanInAVisibleKeyIsNotHidden() {
    double[] k = Inputs.normal(2, 6 * 16, 1);
    k[5 * 16 + 3] = Double.NaN;
    Kv kv = new Kv.Dense(HARNESS.input(DType.F32, k, 6, 1, 16), HARNESS.input(DType.F32, Inputs.normal(3, 96, 1), 6, 1, 16),
        HARNESS.ints(0, 6));
    Ragged batch = new Ragged(HARNESS.ints(0, 2), HARNESS.ints(0), HARNESS.ints(4, 5));
    Tensor q = HARNESS.input(DType.F32, Inputs.normal(1, 2 * 2 * 16, 1), 2, 2, 16);
    HARNESS.check(new Attention(q, kv, batch, causal(16), Optional.empty(), HARNESS.output(DType.F32, 2, 2, 16)), F32_BOUND);
  }
}
