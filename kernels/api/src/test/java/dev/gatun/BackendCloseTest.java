package dev.gatun;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Closing a backend: all or nothing, once, whatever other threads do. */
@Timeout(60)
class BackendCloseTest {
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

  private Executable scale() {
    return backend.compile(Program.of(new Scale(x, 2, y)));
  }

  private void failAt(String prefix, boolean sticky) {
    driver.before = call -> {
      if (call.startsWith(prefix)) {
        throw new DeviceException("fake: " + call + " failed", "FAILED", sticky);
      }
    };
  }

  private static Runnable halted(CountDownLatch entered, CountDownLatch leave) {
    return () -> {
      entered.countDown();
      try {
        leave.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    };
  }

  private void isUsable() {
    assertThat(driver.calls).noneMatch(call -> call.startsWith("close") || call.startsWith("free"));
    Executable step = scale();
    stream.submit(step);
    stream.synchronize();
    backend.allocate(8);
    driver.calls.clear();
    backend.close();
    assertThat(driver.calls).startsWith("close stream").endsWith("close driver");
  }

  @Test
  void aStreamInUseKeepsTheBackendOpen() throws InterruptedException {
    backend.newStream();
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    driver.during = halted(entered, leave);
    Executable step = scale();
    Thread other = Thread.ofPlatform().start(() -> stream.submit(step));
    entered.await();
    try {
      assertThatThrownBy(backend::close).isInstanceOf(GatunException.class).hasMessageContaining("another thread is using one of its streams");
      assertThatThrownBy(stream::close).isInstanceOf(GatunException.class).hasMessageContaining("another thread");
    } finally {
      leave.countDown();
      other.join();
    }
    driver.during = () -> {};
    isUsable();
  }

  @Test
  void workThatCannotBeWaitedForKeepsTheBackendOpen() {
    Executable step = scale();
    stream.submit(step);
    failAt("synchronize", false);
    assertThatThrownBy(backend::close).isInstanceOf(DeviceException.class).hasMessageContaining("synchronize");
    assertThatThrownBy(x.buffer()::close).isInstanceOf(GatunException.class).hasMessageContaining("in flight");
    driver.before = call -> {};
    isUsable();
  }

  @Test
  void aStreamWhoseWorkCannotBeWaitedForStaysOpenAndHolds() {
    stream.submit(scale());
    failAt("synchronize", false);
    assertThatThrownBy(stream::close).isInstanceOf(DeviceException.class);
    assertThatThrownBy(x.buffer()::close).isInstanceOf(GatunException.class).hasMessageContaining("in flight");
    driver.before = call -> {};
    stream.close();
    x.buffer().close();
    assertThat(driver.calls).containsSubsequence("close stream", "free 24");
    backend.close();
  }

  @Test
  void aDeviceLostWhileItIsWaitedForClosesAllTheSame() {
    stream.submit(scale());
    failAt("synchronize", true);
    assertThatThrownBy(backend::close).isInstanceOf(GatunException.class).hasMessageContaining("synchronize failed");
    assertThat(driver.calls).containsSubsequence("close stream", "close executable", "free 24", "free 24", "close driver");
    backend.close();
    assertThat(driver.calls).filteredOn("close driver"::equals).hasSize(1);
  }

  @Test
  void aStreamWhoseDeviceIsLostClosesAndSaysSo() {
    stream.submit(scale());
    failAt("synchronize", true);
    assertThatThrownBy(stream::close).isInstanceOf(DeviceException.class);
    assertThat(driver.calls).contains("close stream");
    x.buffer().close();
    backend.close();
  }

  @Test
  void whatFailsToBeFreedDoesNotKeepTheRest() {
    scale();
    failAt("close executable", false);
    assertThatThrownBy(backend::close).isInstanceOf(GatunException.class).hasMessageContaining("could not close everything");
    assertThat(driver.calls).containsExactly("close stream", "free 24", "free 24", "close driver");
  }

  @Test
  void aCallOnAnotherThreadEndsFirstAndWhatItMadeIsClosed() throws InterruptedException {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    driver.before = call -> {
      if (call.equals("allocate")) {
        halted(entered, leave).run();
      }
    };
    List<RuntimeException> thrown = new ArrayList<>();
    Thread allocating = Thread.ofPlatform().start(() -> {
      try {
        backend.allocate(5);
      } catch (RuntimeException e) {
        thrown.add(e);
      }
    });
    entered.await();
    Thread closing = Thread.ofPlatform().start(backend::close);
    while (closing.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    assertThatThrownBy(() -> backend.newStream()).isInstanceOf(ClosedException.class);
    assertThat(driver.calls).isEmpty();
    leave.countDown();
    allocating.join();
    closing.join();
    assertThat(thrown).singleElement().isInstanceOf(ClosedException.class).asString().contains("being closed");
    assertThat(driver.calls).contains("free 5").endsWith("close driver");
  }

  @Test
  void manyClosersCloseTheDriverOnce() throws InterruptedException {
    List<Thread> closers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      closers.add(Thread.ofPlatform().start(backend::close));
    }
    for (Thread closer : closers) {
      closer.join();
    }
    assertThat(driver.calls).containsExactly("close stream", "free 24", "free 24", "close driver");
  }

  @Test
  void aTensorThatCannotBeFilledIsNotLeft() {
    failAt("copy", false);
    assertThatThrownBy(() -> backend.tensor(new float[] {1, 2}, 2)).isInstanceOf(DeviceException.class);
    assertThatThrownBy(() -> backend.tensor(new int[] {1, 2, 3}, 3)).isInstanceOf(DeviceException.class);
    assertThat(driver.calls).contains("free 8", "free 12");
  }
}
