package dev.gatun;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which page holds what: slots, sharing, copies, exhaustion. Pages of 4 positions, 6 pages, 3 slots of at most 18 positions. */
class KvCacheTest {
  private Backend backend;
  private FakeDriver driver;
  private Stream stream;
  private KvCache cache;

  @BeforeEach
  void open() {
    backend = Gatun.open("fake");
    driver = FakeDriver.of(backend);
    stream = backend.newStream();
    cache = backend.newKvCache(new KvCache.Spec(2, 2, 8, 6, DType.F16, 4, 6, 3, 18));
  }

  @AfterEach
  void close() {
    backend.close();
  }

  @Test
  void pagesAreTakenAsPositionsAreReserved() {
    int slot = cache.open();
    cache.reserve(stream, slot, 0, 5);
    assertThat(driver.calls).containsExactly("map 0,0 to 0", "map 0,1 to 1");
    cache.reserve(stream, slot, 5, 8);
    assertThat(cache.freePages()).isEqualTo(4);
    cache.reserve(stream, slot, 8, 9);
    assertThat(cache.freePages()).isEqualTo(3);
    assertThat(cache.length(slot)).isEqualTo(9);
    assertThat(cache.read(stream, slot, 1, KvCache.Part.KEY, 6, 1)).hasSize(8).startsWith(1, 2);
    assertThat(cache.read(stream, slot, 1, KvCache.Part.VALUE, 6, 1)).hasSize(6);
  }

  @Test
  void aSharedPageIsCopiedOnceWhenItIsWritten() {
    int slot = cache.open();
    cache.reserve(stream, slot, 0, 6);
    int copy = cache.fork(stream, slot);
    assertThat(cache.length(copy)).isEqualTo(6);
    driver.calls.clear();
    cache.reserve(stream, copy, 6, 7);
    assertThat(driver.calls).containsExactly("copy page 1 to 2", "map " + copy + ",1 to 2");
    driver.calls.clear();
    cache.reserve(stream, copy, 7, 8);
    cache.reserve(stream, slot, 6, 8);
    assertThat(driver.calls).isEmpty();
    cache.release(stream, slot);
    assertThat(cache.freePages()).as("page 0 is still the copy's").isEqualTo(4);
    cache.release(stream, copy);
    assertThat(cache.freePages()).isEqualTo(6);
  }

  @Test
  void reservingNothingCopiesNothing() {
    int slot = cache.open();
    cache.reserve(stream, slot, 0, 6);
    int copy = cache.fork(stream, slot);
    driver.calls.clear();
    cache.reserve(stream, copy, 6, 6);
    assertThat(driver.calls).isEmpty();
  }

  @Test
  void truncatingUnmapsWhatIsPastTheLength() {
    int slot = cache.open();
    cache.reserve(stream, slot, 0, 12);
    driver.calls.clear();
    cache.truncate(stream, slot, 4);
    assertThat(driver.calls).containsExactly("map 0,1 to -1", "map 0,2 to -1");
    assertThat(cache.length(slot)).isEqualTo(4);
    assertThat(cache.freePages()).isEqualTo(5);
    cache.truncate(stream, slot, 10);
    assertThat(cache.length(slot)).isEqualTo(4);
    assertThatThrownBy(() -> cache.truncate(stream, slot, -1)).isInstanceOf(ShapeException.class);
    assertThatThrownBy(() -> cache.read(stream, slot, 0, KvCache.Part.KEY, 5, 0)).isInstanceOf(ShapeException.class)
        .hasMessageContaining("no page");
  }

  @Test
  void exhaustionIsSaidAndChangesNothing() {
    int first = cache.open();
    int second = cache.open();
    cache.reserve(stream, first, 0, 16);
    driver.calls.clear();
    assertThatThrownBy(() -> cache.reserve(stream, second, 0, 9)).isInstanceOf(GatunException.class).hasMessageContaining("2 free pages")
        .hasMessageContaining("needs 3");
    assertThatThrownBy(() -> cache.reserve(stream, second, 0, 19)).isInstanceOf(GatunException.class).hasMessageContaining("19")
        .hasMessageContaining("18");
    assertThatThrownBy(() -> cache.reserve(stream, second, 3, 2)).isInstanceOf(ShapeException.class);
    assertThat(driver.calls).isEmpty();
    assertThat(cache.length(second)).isZero();
  }

  @Test
  void slotsAreTakenAndGivenBack() {
    for (int i = 0; i < 3; i++) {
      assertThat(cache.open()).isEqualTo(i);
    }
    assertThatThrownBy(cache::open).isInstanceOf(GatunException.class).hasMessageContaining("3 slots");
    cache.release(stream, 1);
    assertThatThrownBy(() -> cache.length(1)).isInstanceOf(GatunException.class).hasMessageContaining("slot 1");
    assertThat(cache.open()).isEqualTo(1);
    for (int wrong : new int[] {-1, 3}) {
      assertThatThrownBy(() -> cache.reserve(stream, wrong, 0, 1)).isInstanceOf(GatunException.class).hasMessageContaining("slot " + wrong);
    }
  }

  @Test
  void poisonFillsTheFreePagesOnly() {
    int slot = cache.open();
    cache.reserve(stream, slot, 0, 12);
    driver.calls.clear();
    cache.poison(stream);
    assertThat(driver.calls).containsExactly("poison 3", "poison 4", "poison 5");
  }

  @Test
  void aClosedCacheSaysSo() {
    int slot = cache.open();
    cache.close();
    cache.close();
    assertThatThrownBy(() -> cache.reserve(stream, slot, 0, 1)).isInstanceOf(ClosedException.class);
    assertThatThrownBy(cache::open).isInstanceOf(ClosedException.class);
    assertThatThrownBy(cache::device).isInstanceOf(ClosedException.class);
    Tensor k = backend.allocate(DType.F32, 1, 2, 8);
    Tensor v = backend.allocate(DType.F32, 1, 2, 6);
    Ragged batch = new Ragged(backend.allocate(DType.I32, 2), backend.allocate(DType.I32, 1), backend.allocate(DType.I32, 1));
    assertThatThrownBy(() -> stream.run(new KvAppend(k, v, batch, cache, 0))).isInstanceOf(ClosedException.class);
  }

  @Test
  void aCacheInFlightIsNotClosed() {
    Executable append = backend.compile(Program.of(append(cache)));
    stream.submit(append);
    assertThatThrownBy(cache::close).isInstanceOf(GatunException.class).hasMessageContaining("in flight").hasMessageContaining("synchronize");
    assertThat(cache.open()).isZero();
    cache.reserve(stream, 0, 0, 4);
    assertThatThrownBy(cache::close).isInstanceOf(GatunException.class).hasMessageContaining("2 times");
    stream.synchronize();
    cache.close();
    assertThat(driver.calls).endsWith("close cache");
    assertThatThrownBy(() -> stream.submit(append)).isInstanceOf(ClosedException.class).hasMessageContaining("cache");
    append.program().buffers().forEach(Buffer::close);
  }

  private KvAppend append(KvCache to) {
    Ragged batch = new Ragged(backend.allocate(DType.I32, 2), backend.allocate(DType.I32, 1), backend.allocate(DType.I32, 1));
    return new KvAppend(backend.allocate(DType.F32, 1, 2, 8), backend.allocate(DType.F32, 1, 2, 6), batch, to, 0);
  }

  @Test
  void aStreamOfAnotherBackendIsRefused() {
    int slot = cache.open();
    cache.reserve(stream, slot, 0, 4);
    try (Backend other = Gatun.open("fake"); Stream elsewhere = other.newStream()) {
      for (Runnable call : new Runnable[] {() -> cache.reserve(elsewhere, slot, 0, 1), () -> cache.fork(elsewhere, slot),
          () -> cache.truncate(elsewhere, slot, 0), () -> cache.release(elsewhere, slot), () -> cache.poison(elsewhere),
          () -> cache.read(elsewhere, slot, 0, KvCache.Part.KEY, 0, 0)}) {
        assertThatThrownBy(call::run).isInstanceOf(GatunException.class).hasMessageContaining("another backend")
            .hasMessageStartingWith("KvCache.");
      }
    }
    assertThat(cache.length(slot)).isEqualTo(4);
    assertThat(cache.open()).as("the fork took no slot").isEqualTo(1);
  }

  private void failAt(String prefix) {
    driver.before = call -> {
      if (call.startsWith(prefix)) {
        throw new DeviceException("fake: " + call + ": TRY_AGAIN", "TRY_AGAIN", false);
      }
    };
  }

  @Test
  void aFailedForkGivesItsSlotAndPagesBack() {
    int slot = cache.open();
    cache.reserve(stream, slot, 0, 8);
    failAt("map 1,1");
    driver.calls.clear();
    assertThatThrownBy(() -> cache.fork(stream, slot)).isInstanceOf(DeviceException.class).hasMessageContaining("map 1,1");
    assertThat(driver.calls).containsExactly("map 1,0 to 0", "map 1,0 to -1");
    driver.before = call -> {};
    assertThat(cache.open()).isEqualTo(1);
    assertThat(cache.length(1)).isZero();
    cache.release(stream, slot);
    assertThat(cache.freePages()).isEqualTo(6);
  }

  @Test
  void aForkWhoseDeviceFailsForGoodStillFreesItsSlot() {
    int slot = cache.open();
    cache.reserve(stream, slot, 0, 8);
    driver.before = call -> {
      if (call.equals("map 1,1 to 1") || call.endsWith("to -1")) {
        throw new DeviceException("fake: " + call + ": TRY_AGAIN", "TRY_AGAIN", false);
      }
    };
    assertThatThrownBy(() -> cache.fork(stream, slot)).isInstanceOf(DeviceException.class).hasMessageContaining("map 1,1")
        .hasSuppressedException(new DeviceException("fake: map 1,0 to -1: TRY_AGAIN", "TRY_AGAIN", false));
    driver.before = call -> {};
    assertThat(cache.open()).isEqualTo(1);
    cache.release(stream, slot);
    assertThat(cache.freePages()).isEqualTo(6);
  }

  @Test
  void aFailedReservationLosesNoPage() {
    int slot = cache.open();
    cache.reserve(stream, slot, 0, 6);
    int copy = cache.fork(stream, slot);
    for (String call : new String[] {"copy page", "map"}) {
      failAt(call);
      assertThatThrownBy(() -> cache.reserve(stream, copy, 6, 7)).isInstanceOf(DeviceException.class);
      assertThat(cache.freePages()).isEqualTo(4);
    }
    failAt("map 0,1 to -1");
    assertThatThrownBy(() -> cache.truncate(stream, slot, 4)).isInstanceOf(DeviceException.class);
    driver.before = call -> {};
    cache.reserve(stream, copy, 6, 7);
    cache.release(stream, copy);
    cache.release(stream, slot);
    assertThat(cache.freePages()).isEqualTo(6);
  }

  @Test
  void aCacheThatCannotBeMadeLeavesNothingOnTheDevice() {
    assertThatThrownBy(() -> backend.newKvCache(null)).isInstanceOf(NullPointerException.class);
    assertThat(driver.calls).containsExactly("close cache");
  }

  @Test
  void whatAPlanDependsOnStandsInTheCaseLine() {
    try (KvCache longer = backend.newKvCache(new KvCache.Spec(2, 2, 8, 6, DType.F16, 4, 6, 3, 19))) {
      assertThat(longer.spec().slotPages()).isEqualTo(cache.spec().slotPages());
      assertThat(append(longer).toCase()).isNotEqualTo(append(cache).toCase());
      assertThat(append(longer).toCase().line()).contains("cache=f16[2,8/6]x4x19");
    }
  }

  @ParameterizedTest
  @CsvSource({"1,1,1,1,1,16777217,1,1", "1,1,1,1,1,1,4097,4097",
      "0,1,1,1,1,1,1,1", "1,1,1,1,1,1,1,0",
      "2000000000,2000000000,2000000000,2000000000,16,2000000000,1,16",
      "1,1,1,1,1,1,2000000000,2000000000"})
  void impossibleGeometriesAreRefused(int layers, int heads, int keySize, int valueSize, int pageTokens, int pages, int slots,
      int slotTokens) {
    assertThatThrownBy(() -> new KvCache.Spec(layers, heads, keySize, valueSize, DType.F16, pageTokens, pages, slots, slotTokens))
        .isInstanceOf(ShapeException.class).hasMessageContaining("kv_cache");
  }

  @Test
  void aGeometryCountsItsBytes() {
    KvCache.Spec spec = new KvCache.Spec(2, 3, 40, 32, DType.Q8_0, 16, 5, 1, 33);
    assertThat(spec.bytesPerTokenAndLayer()).isEqualTo(3 * (2 + 1) * 34);
    assertThat(spec.bytes()).isEqualTo(2L * 5 * 16 * 306);
    assertThat(spec.slotPages()).isEqualTo(3);
  }

  /** DeepSeek-V3's rows beside the keys and values of eight heads of 128 elements, and beside its own 128 heads before they are compressed. */
  @Test
  void aLatentRowIsAllThatAPositionTakes() {
    KvCache.Spec latent = KvCache.Spec.latent(61, 512, 64, DType.F16, 16, 4, 1, 64);
    assertThat(latent.bytesPerTokenAndLayer()).isEqualTo(2 * 576);
    assertThat(new KvCache.Spec(61, 8, 128, 128, DType.F16, 16, 4, 1, 64).bytesPerTokenAndLayer()).isEqualTo(4096);
    assertThat(new KvCache.Spec(61, 128, 192, 128, DType.F16, 16, 4, 1, 64).bytesPerTokenAndLayer()).isEqualTo(81_920);
    assertThat(KvCache.Spec.latent(1, 512, 64, DType.Q8_0, 16, 4, 1, 64).bytesPerTokenAndLayer()).isEqualTo(18 * 34);
    try (KvCache rows = backend.newKvCache(latent)) {
      assertThat(rows.spec().isLatent()).isTrue();
      int slot = rows.open();
      rows.reserve(stream, slot, 0, 3);
      assertThat(rows.read(stream, slot, 0, KvCache.Part.KEY, 2, 0)).hasSize(576);
      assertThat(rows.read(stream, slot, 0, KvCache.Part.VALUE, 2, 0)).isEmpty();
    }
  }

  @Test
  void latentRowsAreWholeBlocksInBothParts() {
    assertThatThrownBy(() -> KvCache.Spec.latent(1, 48, 16, DType.Q8_0, 16, 4, 1, 64)).isInstanceOf(ShapeException.class)
        .hasMessageContaining("48 and 16 elements").hasMessageContaining("blocks of 32");
    assertThatThrownBy(() -> KvCache.Spec.latent(1, 0, 16, DType.F16, 16, 4, 1, 64)).isInstanceOf(ShapeException.class);
    assertThatThrownBy(() -> new KvCache.Spec(1, 2, 64, 0, DType.F16, 16, 4, 1, 64)).hasMessageContaining("one row for all heads");
  }
}
