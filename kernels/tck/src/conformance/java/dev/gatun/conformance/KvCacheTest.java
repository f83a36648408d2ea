package dev.gatun.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.DType;
import dev.gatun.GatunException;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.KvCache.Part;
import dev.gatun.Ragged;
import dev.gatun.ShapeException;
import dev.gatun.Tensor;
import dev.gatun.conformance.Engine.Extra;
import dev.gatun.tck.oracle.Formats;
import dev.gatun.tck.oracle.Inputs;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link KvAppend} and the pages it writes. */
class KvCacheTest {
  @RegisterExtension
  static final OperatorHarness HARNESS = new OperatorHarness();

  private static int[] range(int from, int to) {
    return IntStream.range(from, to).toArray();
  }

  private static Tensor tokens(int n, int heads, int size, long seed) {
    return HARNESS.input(DType.F32, Inputs.normal(seed, n * heads * size, 1), n, heads, size);
  }

  private static void append(PagedKeys keys, int heads, int size, long seed, int slot, int... positions) {
    int[] slots = {slot};
    keys.append(keys.batch(slots, positions), slots, new int[][] {positions}, tokens(positions.length, heads, size, seed),
        tokens(positions.length, heads, size, seed + 1));
  }

  /** Every position of the slot up to {@code to}, in both layers, on every engine. */
  private static void holds(PagedKeys keys, int slot, int to) {
    KvCache.Spec spec = keys.first().spec();
    for (Engine engine : keys.engines()) {
      for (int layer = 0; layer < spec.layers(); layer++) {
        for (int position = 0; position < to; position++) {
          for (int head = 0; head < spec.heads(); head++) {
            for (Part part : Part.values()) {
              float[] actual = keys.on(engine).read(engine.stream(), slot, layer, part, position, head);
              double[] expected = Formats.rounded(DType.F32, keys.expected(part, layer, slot, position, head));
              assertThat(IntStream.range(0, actual.length).mapToDouble(i -> actual[i]).toArray())
                  .as("%s, %s of slot %d, layer %d, position %d, head %d", engine, part, slot, layer, position, head)
                  .containsExactly(expected);
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 24, 40, 64, 80, 96, 128, 192, 256})
  void keepsWhatWasAppendedAndNothingElse(int size) {
    for (DType type : new DType[] {DType.F32, DType.F16, DType.BF16}) {
      try (PagedKeys keys = new PagedKeys(HARNESS, PagedKeys.spec(3, size, type))) {
        int slot = keys.open();
        keys.reserve(slot, 0, 7);
        append(keys, 3, size, 1, slot, 0, 1, 2, 3, 4);
        append(keys, 3, size, 3, slot, 6);
        holds(keys, slot, 8);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F8_E4M3", "F8_E5M2", "Q8_0"})
  void keepsNarrowTypesRounded(DType type) {
    HARNESS.needs(Extra.NARROW_CACHES);
    try (PagedKeys keys = new PagedKeys(HARNESS, PagedKeys.spec(2, 64, type))) {
      int slot = keys.open();
      keys.reserve(slot, 0, 5);
      append(keys, 2, 64, 1, slot, 0, 1, 2, 3, 4);
      holds(keys, slot, 5);
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
  void takesEveryTypeAndPlacementOfTokens(DType type) {
    for (Placement placement : Placement.values()) {
      try (PagedKeys keys = new PagedKeys(HARNESS, PagedKeys.spec(2, 24, DType.F16))) {
        int slot = keys.open();
        keys.reserve(slot, 0, 6);
        Tensor k = HARNESS.fill(HARNESS.place(type, placement, 6, 2, 24), Inputs.normal(1, 288, 1));
        Tensor v = HARNESS.fill(HARNESS.place(type, placement, 6, 2, 24), Inputs.normal(2, 288, 1));
        int[] slots = {slot};
        keys.append(keys.batch(slots, range(0, 6)), slots, new int[][] {range(0, 6)}, k, v);
        holds(keys, slot, 8);
      }
    }
  }

  @Test
  void valuesMayHaveAnotherSizeThanKeys() {
    try (PagedKeys keys = new PagedKeys(HARNESS, new KvCache.Spec(2, 2, 24, 10, DType.F32, 3, 8, 2, 12))) {
      int slot = keys.open();
      keys.reserve(slot, 0, 5);
      int[] slots = {slot};
      keys.append(keys.batch(slots, range(0, 5)), slots, new int[][] {range(0, 5)}, tokens(5, 2, 24, 1), tokens(5, 2, 10, 2));
      holds(keys, slot, 6);
    }
  }

  @Test
  void aMixedBatchReachesEverySequence() {
    try (PagedKeys keys = new PagedKeys(HARNESS, PagedKeys.spec(2, 40, DType.F32))) {
      int[] slots = {keys.open(), keys.open(), keys.open()};
      int[][] positions = {range(0, 5), {}, range(0, 2)};
      keys.reserve(slots[0], 0, 5);
      keys.reserve(slots[2], 0, 2);
      keys.append(keys.batch(slots, positions), slots, positions, tokens(7, 2, 40, 1), tokens(7, 2, 40, 2));
      holds(keys, slots[0], 8);
      holds(keys, slots[2], 4);
    }
  }

  @Test
  void tokensAndSequencesPastTheirCountsAreNotAppended() {
    try (PagedKeys keys = new PagedKeys(HARNESS, PagedKeys.spec(1, 16, DType.F32))) {
      int[] slots = {keys.open(), keys.open()};
      keys.reserve(slots[0], 0, 4);
      keys.reserve(slots[1], 0, 4);
      Tensor count = HARNESS.ints(2);
      Tensor k = tokens(4, 1, 16, 1).withCount(count);
      Tensor v = tokens(4, 1, 16, 2).withCount(count);
      Ragged batch = new Ragged(HARNESS.ints(0, 2, 99), HARNESS.ints(slots).withCount(HARNESS.ints(1)), HARNESS.ints(0, 1, 2, 3)
          .withCount(count));
      keys.append(batch, new int[] {slots[0]}, new int[][] {{0, 1}}, k, v);
      holds(keys, slots[0], 4);
      holds(keys, slots[1], 4);
    }
  }

  @Test
  void tokensWithoutAPageAreDropped() {
    try (PagedKeys keys = new PagedKeys(HARNESS, PagedKeys.spec(1, 16, DType.F32))) {
      int slot = keys.open();
      keys.reserve(slot, 0, 4);
      append(keys, 1, 16, 1, slot, 0, 1, 2, 3);
      for (Engine engine : keys.engines()) {
        for (int position : new int[] {4, 39, 40, 1_000_000, -1}) {
          KvAppend stray = new KvAppend(tokens(1, 1, 16, 3), tokens(1, 1, 16, 4), keys.batch(new int[] {slot}, new int[] {position}),
              keys.on(engine), 0);
          HARNESS.run(engine, stray);
        }
        HARNESS.run(engine, new KvAppend(tokens(1, 1, 16, 3), tokens(1, 1, 16, 4), keys.batch(new int[] {3}, new int[] {0}),
            keys.on(engine), 0));
      }
      holds(keys, slot, 4);
      keys.reserve(slot, 4, 40);
      holds(keys, slot, 40);
    }
  }

  @Test
  void aForkSharesPagesUntilOneIsWritten() {
    try (PagedKeys keys = new PagedKeys(HARNESS, PagedKeys.spec(2, 16, DType.F16))) {
      int slot = keys.open();
      keys.reserve(slot, 0, 10);
      append(keys, 2, 16, 1, slot, range(0, 10));
      int free = keys.first().freePages();
      int copy = keys.fork(slot);
      assertThat(keys.first().freePages()).as("a fork takes no page").isEqualTo(free);
      holds(keys, copy, 10);
      keys.reserve(copy, 10, 11);
      assertThat(keys.first().freePages()).as("only the page written is copied").isEqualTo(free - 1);
      append(keys, 2, 16, 5, copy, 10);
      keys.reserve(slot, 10, 11);
      assertThat(keys.first().freePages()).as("the last holder of a page needs no copy").isEqualTo(free - 1);
      append(keys, 2, 16, 7, slot, 10);
      holds(keys, slot, 11);
      holds(keys, copy, 11);
      keys.release(slot);
      holds(keys, copy, 11);
      keys.release(copy);
      assertThat(keys.first().freePages()).isEqualTo(24);
    }
  }

  @Test
  void truncatingFreesWholePagesAndKeepsTheRest() {
    try (PagedKeys keys = new PagedKeys(HARNESS, PagedKeys.spec(1, 16, DType.F32))) {
      int slot = keys.open();
      keys.reserve(slot, 0, 12);
      append(keys, 1, 16, 1, slot, range(0, 12));
      assertThat(keys.first().length(slot)).isEqualTo(12);
      keys.truncate(slot, 5);
      assertThat(keys.first().length(slot)).isEqualTo(5);
      assertThat(keys.first().freePages()).isEqualTo(22);
      holds(keys, slot, 5);
      KvCache cache = keys.first();
      Engine engine = keys.engines().getFirst();
      assertThatThrownBy(() -> cache.read(engine.stream(), slot, 0, Part.KEY, 8, 0)).isInstanceOf(ShapeException.class)
          .hasMessageContaining("page");
      keys.poison();
      keys.reserve(slot, 5, 9);
      append(keys, 1, 16, 9, slot, 5, 6, 7, 8);
      holds(keys, slot, 12);
    }
  }

  @Test
  void aFullCacheSaysWhatIsMissingAndChangesNothing() {
    Engine engine = HARNESS.engines().getFirst();
    try (KvCache cache = engine.backend().newKvCache(new KvCache.Spec(1, 1, 16, 16, DType.F32, 4, 3, 3, 100))) {
      int first = cache.open();
      int second = cache.open();
      cache.reserve(engine.stream(), first, 0, 8);
      assertThatThrownBy(() -> cache.reserve(engine.stream(), second, 0, 5)).isInstanceOf(GatunException.class)
          .hasMessageContaining("1 free pages").hasMessageContaining("needs 2");
      assertThat(cache.freePages()).isEqualTo(1);
      assertThat(cache.length(second)).isZero();
      cache.reserve(engine.stream(), second, 0, 4);
      assertThatThrownBy(() -> cache.reserve(engine.stream(), first, 8, 101)).isInstanceOf(GatunException.class)
          .hasMessageContaining("100");
      cache.open();
      assertThatThrownBy(cache::open).isInstanceOf(GatunException.class).hasMessageContaining("3 slots");
      engine.stream().synchronize();
    }
  }

  @Test
  void aGeometryThatIsNotServedIsRefusedWithItsReason() {
    Engine engine = HARNESS.engines().getFirst();
    assertThatThrownBy(() -> engine.backend().newKvCache(PagedKeys.spec(1, 16, DType.I32))).isInstanceOf(GatunException.class)
        .hasMessageContaining("I32");
    assertThatThrownBy(() -> engine.backend().newKvCache(PagedKeys.spec(1, 40, DType.Q8_0))).isInstanceOf(GatunException.class)
        .hasMessageContaining("40");
  }
}
