package dev.gatun;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.spi.Unsupported;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The front of a backend: ownership, work in flight, threads, errors. */
class StreamTest {
  private Backend backend;
  private FakeDriver driver;
  private Stream stream;
  private Tensor x;
  private Tensor y;

  @BeforeEach
  void open() {
    backend = Gatun.open("fake");
    driver = FakeDriver.of(backend);
    stream = backend.newStream();
    x = backend.allocate(DType.F32, 2, 3);
    y = backend.allocate(DType.F32, 2, 3);
  }

  @AfterEach
  void close() {
    driver.finish();
    try {
      backend.close();
    } catch (DeviceException e) {
      assertThat(e.isSticky()).isTrue();
    }
  }

  private Executable scale() {
    return backend.compile(Program.of(new Scale(x, 2, y)));
  }

  @Test
  void anExecutableInFlightIsNotSubmittedAgain() {
    Executable step = scale();
    stream.submit(step);
    assertThatThrownBy(() -> stream.submit(step)).isInstanceOf(GatunException.class).hasMessageContaining("still in flight")
        .hasMessageContaining("scale");
    assertThatThrownBy(step::close).isInstanceOf(GatunException.class).hasMessageContaining("in flight");
    stream.synchronize();
    stream.submit(step);
    driver.finish();
    stream.submit(step);
    assertThat(driver.calls).filteredOn("submit"::equals).hasSize(3);
  }

  @Test
  void anEventLetsGoOfTheWorkBeforeIt() {
    Executable first = scale();
    Executable second = scale();
    stream.submit(first);
    Event event = stream.newEvent();
    stream.record(event);
    assertThat(event.isDone()).isFalse();
    assertThatThrownBy(() -> stream.submit(first)).hasMessageContaining("still in flight");
    driver.reachEvents();
    assertThat(event.isDone()).isTrue();
    stream.submit(second);
    stream.submit(first);
    assertThatThrownBy(() -> stream.submit(second)).as("submitted after the event").hasMessageContaining("still in flight");
    event.synchronize();
    assertThatThrownBy(() -> stream.submit(first)).as("submitted again after the event was recorded").hasMessageContaining("still in flight");
  }

  @Test
  void anEventBelongsToItsStreamAndIsFreedWithIt() {
    Event event = stream.newEvent();
    try (Stream other = backend.newStream()) {
      assertThatThrownBy(() -> other.record(event)).isInstanceOf(GatunException.class).hasMessageContaining("another stream");
    }
    Event closed = stream.newEvent();
    closed.close();
    closed.close();
    assertThatThrownBy(() -> stream.record(closed)).isInstanceOf(ClosedException.class);
    assertThatThrownBy(closed::synchronize).isInstanceOf(ClosedException.class);
    stream.close();
    assertThat(driver.calls).filteredOn("close event"::equals).as("one by its owner, one with its stream").hasSize(2);
    event.close();
    assertThatThrownBy(event::isDone).isInstanceOf(ClosedException.class);
  }

  @Test
  void workInFlightHoldsItsBuffers() {
    Executable step = scale();
    stream.submit(step);
    assertThatThrownBy(x.buffer()::close).isInstanceOf(GatunException.class).hasMessageContaining("in flight")
        .hasMessageContaining("synchronize");
    assertThat(x.buffer().isClosed()).isFalse();
    stream.synchronize();
    x.buffer().close();
    x.buffer().close();
    assertThat(x.buffer().isClosed()).isTrue();
    assertThat(driver.calls).filteredOn("free 24"::equals).hasSize(1);
    assertThatThrownBy(() -> stream.submit(step)).isInstanceOf(ClosedException.class);
    y.buffer().close();
    assertThat(y.buffer().isClosed()).as("a refused submission holds nothing").isTrue();
  }

  @Test
  void aFailedSubmissionHoldsNothing() {
    Executable step = scale();
    driver.failure = Optional.of(new DeviceException("fake: launch failed: TRY_AGAIN", "TRY_AGAIN", false));
    assertThatThrownBy(() -> stream.submit(step)).isInstanceOf(DeviceException.class).hasMessageContaining("TRY_AGAIN");
    driver.failure = Optional.empty();
    stream.submit(step);
    stream.synchronize();
    x.buffer().close();
  }

  @Test
  void aStickyErrorPoisonsTheBackend() {
    Executable step = scale();
    driver.failure = Optional.of(new DeviceException("fake: kernel scale: ILLEGAL_ADDRESS", "ILLEGAL_ADDRESS", true));
    assertThatThrownBy(() -> stream.submit(step)).isInstanceOf(DeviceException.class);
    driver.failure = Optional.empty();
    for (Runnable call : new Runnable[] {() -> stream.submit(step), () -> stream.synchronize(), () -> backend.allocate(8),
        () -> backend.newStream(),
        () -> backend.device(), () -> backend.plan(new Scale(x, 2, y)), () -> stream.write(x, 1f)}) {
      assertThatThrownBy(call::run).isInstanceOf(DeviceException.class).hasMessageContaining("new process")
          .hasMessageContaining("ILLEGAL_ADDRESS");
    }
    stream.close();
    backend.close();
    assertThat(driver.calls).contains("close stream", "close executable", "close driver");
  }

  @Test
  void aPoisonedBackendStillClosesWhatWasInFlight() {
    Executable inFlight = scale();
    stream.submit(inFlight);
    driver.failure = Optional.of(new DeviceException("fake: LOST", "LOST", true));
    assertThatThrownBy(() -> stream.run(new Scale(y, 2, backend.allocate(DType.F32, 2, 3)))).isInstanceOf(DeviceException.class);
    backend.close();
    assertThat(driver.calls).contains("close stream", "close executable", "free 24", "close driver");
  }

  @Test
  void aStreamIsUsedByOneThreadAtATime() throws InterruptedException {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    driver.during = () -> {
      entered.countDown();
      try {
        leave.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    };
    Executable step = scale();
    Thread other = Thread.ofPlatform().start(() -> stream.submit(step));
    entered.await();
    try {
      assertThatThrownBy(() -> stream.synchronize()).isInstanceOf(GatunException.class).hasMessageContaining("another thread");
      assertThatThrownBy(() -> stream.write(x, 1f)).isInstanceOf(GatunException.class).hasMessageContaining("Stream.write");
    } finally {
      leave.countDown();
      other.join();
    }
    stream.synchronize();
  }

  @Test
  void closingTheBackendClosesEverythingStreamsFirst() {
    Executable step = scale();
    backend.newKvCache(new KvCache.Spec(1, 1, 2, 2, DType.F32, 4, 2, 1, 8));
    stream.submit(step);
    backend.close();
    backend.close();
    assertThat(driver.calls.subList(1, driver.calls.size())).containsExactly("close stream", "close executable", "close cache", "free 24",
        "free 24",
        "close driver");
    assertThat(x.buffer().isClosed()).isTrue();
    for (Runnable call : new Runnable[] {() -> stream.submit(step), stream::synchronize, () -> backend.allocate(1), () -> x.buffer().host(),
        () -> backend.newStream(), () -> backend.compile(step.program())}) {
      assertThatThrownBy(call::run).isInstanceOf(ClosedException.class);
    }
  }

  @Test
  void closedHandlesSaySo() {
    Executable step = scale();
    step.close();
    step.close();
    assertThatThrownBy(() -> stream.submit(step)).isInstanceOf(ClosedException.class).hasMessageContaining("program scale");
    stream.close();
    stream.close();
    assertThatThrownBy(() -> stream.synchronize()).isInstanceOf(ClosedException.class).hasMessageContaining("closed");
    x.buffer().close();
    assertThatThrownBy(this::scale).isInstanceOf(ClosedException.class).hasMessageContaining("24 bytes");
    assertThatThrownBy(() -> x.buffer().memory()).isInstanceOf(ClosedException.class);
  }

  @Test
  void valuesTravelBothWays() {
    stream.write(x, 1f, 2f, 3f, 4f, 5f, 6f);
    stream.copy(x, y);
    assertThat(stream.readFloats(y)).containsExactly(1, 2, 3, 4, 5, 6);
    stream.write(y, 9f);
    assertThat(stream.readFloats(y.slice(0, 0, 1))).containsExactly(9, 2, 3);
    assertThat(stream.readInts(backend.tensor(new int[] {3, 4}, 2))).containsExactly(3, 4);
    assertThat(stream.readFloats(backend.tensor(new float[0], 0))).isEmpty();
    Tensor host = Tensor.ofHost(MemorySegment.ofArray(new float[6]), DType.F32, 6);
    stream.copy(x, host);
    assertThat(host.buffer().host().orElseThrow().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 8)).isEqualTo(3);
  }

  @Test
  void transfersThatDoNotFitAreRefused() {
    Tensor ints = backend.allocate(DType.I32, 2);
    for (Runnable call : new Runnable[] {() -> stream.write(x, new float[7]), () -> stream.write(ints, 1f), () -> stream.write(x, 1),
        () -> stream.readInts(x), () -> stream.readFloats(ints), () -> stream.readFloats(x.slice(1, 0, 2)), () -> stream.copy(x, ints),
        () -> stream.copy(x, backend.allocate(DType.F32, 7)), () -> stream.copy(x.slice(1, 0, 2), backend.allocate(DType.F32, 2, 2)),
        () -> backend.tensor(new float[5], 2, 3), () -> backend.tensor(new int[5], 2, 3), () -> backend.allocate(-1)}) {
      assertThatThrownBy(call::run).isInstanceOf(ShapeException.class);
    }
  }

  @Test
  void anUnsupportedCaseNamesBackendCaseAndReason() {
    assertThatThrownBy(() -> stream.run(new Gelu(x, Gelu.Form.ERF, y))).isInstanceOf(UnsupportedCaseException.class)
        .hasMessageContaining("fake")
        .hasMessageContaining("gelu(x=f32[2,3], y=f32[2,3], form=ERF)").hasMessageContaining("gelu was forgotten");
    assertThat(backend.plan(new Gelu(x, Gelu.Form.ERF, y))).isInstanceOf(Unsupported.class);
  }

  @Test
  void memoryOfAnotherBackendIsRefused() {
    try (Backend other = Gatun.open("fake"); Stream elsewhere = other.newStream()) {
      Tensor foreign = other.allocate(DType.F32, 2, 3);
      assertThatThrownBy(() -> stream.run(new Scale(foreign, 2, y))).isInstanceOf(GatunException.class)
          .hasMessageContaining("another backend");
      Executable step = scale();
      assertThatThrownBy(() -> elsewhere.submit(step)).isInstanceOf(GatunException.class).hasMessageContaining("another backend");
      assertThatThrownBy(() -> step.profile(elsewhere, 1)).isInstanceOf(GatunException.class).hasMessageContaining("another backend");
      KvCache cache = other.newKvCache(new KvCache.Spec(1, 1, 2, 2, DType.F32, 4, 2, 1, 8));
      Tensor k = backend.allocate(DType.F32, 1, 1, 2);
      Ragged batch = new Ragged(backend.allocate(DType.I32, 2), backend.allocate(DType.I32, 1), backend.allocate(DType.I32, 1));
      assertThatThrownBy(() -> stream.run(new KvAppend(k, k, batch, cache, 0))).isInstanceOf(GatunException.class)
          .hasMessageContaining("another backend");
      Tensor host = Tensor.ofHost(MemorySegment.ofArray(new float[6]), DType.F32, 2, 3);
      for (Runnable call : new Runnable[] {() -> stream.copy(foreign, x), () -> stream.copy(x, foreign), () -> stream.copy(host, foreign),
          () -> stream.write(foreign, 1f), () -> stream.readFloats(foreign), () -> backend.prepare(foreign, Use.MATMUL)}) {
        assertThatThrownBy(call::run).isInstanceOf(GatunException.class).hasMessageContaining("another backend, fake");
      }
      stream.copy(host, x);
      assertThat(backend.prepare(host, Use.MATMUL).tensor().shape()).isEqualTo(host.shape());
    }
  }

  @Test
  void aWeightWithGapsInItsRowsIsNotPrepared() {
    Tensor across = Tensor.of(x.storage(), 0, DType.F32, Shape.of(3, 2), 1, 3);
    assertThatThrownBy(() -> backend.prepare(across, Use.MATMUL)).isInstanceOf(ShapeException.class).hasMessageContaining("prepare")
        .hasMessageContaining("contiguous rows");
    assertThat(backend.prepare(x.slice(1, 0, 2), Use.MATMUL).tensor().shape()).isEqualTo(Shape.of(2, 2));
    assertThat(backend.prepare(x.slice(1, 0, 1), Use.MATMUL).tensor().shape()).isEqualTo(Shape.of(2, 1));
  }

  @Test
  void outOfMemoryLeavesTheBackendUsable() {
    assertThatThrownBy(() -> backend.allocate(1 << 21)).isInstanceOf(DeviceException.class).hasMessageContaining("2097152");
    assertThat(backend.allocate(8).bytes()).isEqualTo(8);
  }

  @Test
  void preparedWeightsKnowTheirCost() {
    Prepared prepared = backend.prepare(x, Use.MATMUL);
    assertThat(prepared.inPlace()).isFalse();
    assertThat(prepared.tensor()).hasToString("f32[2,3]/packed");
    assertThatThrownBy(() -> backend.prepare(prepared.tensor(), Use.MATMUL)).isInstanceOf(ShapeException.class)
        .hasMessageContaining("already");
    assertThatThrownBy(() -> new Scale(prepared.tensor(), 2, y)).isInstanceOf(ShapeException.class).hasMessageContaining("plain");
    assertThatThrownBy(() -> new RmsNorm(x, Tensor.ofLayout(x.storage(), 0, DType.F32, Shape.of(3), "packed"), 0, y))
        .isInstanceOf(ShapeException.class).hasMessageContaining("plain");
  }

  @Test
  void explanationsAndProfilesComeFromTheDevice() {
    Executable step = scale();
    assertThat(step.explain().toString()).contains("scale on fake", "1.0 GB/s", "better: was not there");
    assertThat(step.profile(stream, 3)).hasSize(1);
    assertThat(driver.calls).contains("profile 3");
    assertThatThrownBy(() -> step.profile(stream, 0)).isInstanceOf(ShapeException.class);
  }

  @Test
  void timesAreOfAsManyRunsAsAsked() {
    Executable step = scale();
    assertThat(step.time(stream, 4)).hasSize(4).isNotEqualTo(new long[4]);
    assertThatThrownBy(() -> step.time(stream, 0)).isInstanceOf(ShapeException.class);
    stream.submit(step);
    stream.synchronize();
  }
}
