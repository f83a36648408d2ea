package dev.gatun.ffi.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ContextTest {
  private final Cuda cuda = Emulator.cuda();
  private Map<String, Long> before;

  @BeforeEach
  void count() {
    before = Emulator.live();
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(Emulator.live()).isEqualTo(before);
  }

  @Test
  void thePrimaryContextIsSharedAndGivenBackOnce() {
    Context first = cuda.device(0).primaryContext();
    Context second = cuda.device(0).primaryContext();
    assertThat(second.address()).isEqualTo(first.address());
    first.close();
    first.close();
    try (DeviceMemory memory = second.allocate(16)) {
      assertThat(memory.bytes()).isEqualTo(16);
    }
    second.close();
    assertThatThrownBy(second::newStream).isInstanceOf(IllegalStateException.class).hasMessage("Context is used after it was closed");
    assertThatThrownBy(second::memoryInfo).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(second::synchronize).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(second::bind).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aThreadThatAlternatesBetweenDevicesOfALibraryLoadedTwiceWorksOnTheRightOne() {
    Cuda again = Cuda.load(Emulator.library());
    try (Context first = cuda.device(0).primaryContext(); Context second = again.device(1).primaryContext()) {
      first.bind();
      second.bind();
      long free = second.memoryInfo().free();
      try (DeviceMemory memory = first.allocate(1 << 20)) {
        assertThat(second.memoryInfo().free()).as("device 1, with %s on device 0", memory).isEqualTo(free);
      }
    }
  }

  @Test
  void whatWasMadeInAContextMayBeClosedAfterIt() {
    Context context = cuda.device(0).primaryContext();
    Stream stream = context.newStream();
    DeviceMemory memory = context.allocate(256);
    context.close();
    stream.memset8(memory, 7);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(256);
      stream.copyToHost(memory, 0, host);
      stream.synchronize();
      assertThat(host.get(ValueLayout.JAVA_BYTE, 255)).isEqualTo((byte) 7);
    }
    memory.close();
    assertThat(Emulator.live("contexts")).isEqualTo(before.get("contexts") + 1);
    stream.close();
  }

  @Test
  void devicesHaveContextsOfTheirOwn() {
    try (Context first = cuda.device(0).primaryContext(); Context second = cuda.device(1).primaryContext();
        Stream here = first.newStream(); Stream there = second.newStream();
        DeviceMemory from = first.allocate(1024); DeviceMemory to = second.allocate(1024); Arena arena = Arena.ofConfined()) {
      assertThat(first.address()).isNotEqualTo(second.address());
      assertThat(second.device().ordinal()).isEqualTo(1);
      here.memset32(from.address(), 0x01020304, 256);
      here.synchronize();
      there.copyFromPeer(first, from.address(), to.address(), 1024);
      MemorySegment host = arena.allocate(1024, 4);
      there.copyToHost(to, 0, host);
      there.synchronize();
      assertThat(host.getAtIndex(ValueLayout.JAVA_INT, 255)).isEqualTo(0x01020304);
    }
  }

  @Test
  void peersGainAccess() {
    try (Context first = cuda.device(0).primaryContext(); Context second = cuda.device(1).primaryContext()) {
      if (cuda.device(0).canAccess(cuda.device(1))) {
        first.enablePeerAccess(second);
        first.enablePeerAccess(second);
      } else {
        assertThatThrownBy(() -> first.enablePeerAccess(second)).isInstanceOf(CudaException.class);
      }
    }
  }

  @Test
  void aForeignContextIsUsedAndLeftAlone() {
    try (Context owner = cuda.device(1).primaryContext()) {
      try (Context wrapped = Context.wrap(cuda, owner.address()); Stream stream = wrapped.newStream()) {
        assertThat(wrapped.device()).isSameAs(cuda.device(1));
        stream.synchronize();
      }
      owner.synchronize();
    }
    assertThatThrownBy(() -> Context.wrap(cuda, 0)).isInstanceOf(IllegalArgumentException.class);
  }

  /** Another library sets its own context behind our back; ours is set again before the next call. */
  @Test
  void aContextThatAnotherLibraryBoundIsReplaced() {
    Cuda fresh = Cuda.load(Emulator.library());
    try (Context ours = fresh.device(0).primaryContext(); Context theirs = fresh.device(1).primaryContext();
        Context wrapped = Context.wrap(fresh, theirs.address())) {
      ours.bind();
      assertThat(wrapped.address()).isEqualTo(theirs.address());
      Driver driver = fresh.driver();
      assertThat(Downcall.call(driver.cuCtxSetCurrent, theirs.address())).isZero();
      ours.allocate(16).close();
      assertThat(current(driver)).isEqualTo(ours.address());
    }
  }

  @Test
  void aThreadIsBoundOnce() {
    Cuda fresh = Cuda.load(Emulator.library());
    try (Context context = fresh.device(0).primaryContext(); Stream stream = context.newStream(); Event event = context.newEvent(false)) {
      stream.record(event);
      long calls = Emulator.calls("cuCtxSetCurrent");
      for (int i = 0; i < 10; i++) {
        stream.record(event);
      }
      assertThat(Emulator.calls("cuCtxSetCurrent")).isEqualTo(calls);
      stream.synchronize();
    }
  }

  @Test
  void virtualThreadsWorkAndPassErrorsOn() throws InterruptedException {
    try (Context context = cuda.device(0).primaryContext(); Stream stream = context.newStream()) {
      List<Thread> threads = new ArrayList<>();
      List<Throwable> thrown = java.util.Collections.synchronizedList(new ArrayList<>());
      for (int i = 0; i < 8; i++) {
        threads.add(Thread.ofVirtual().uncaughtExceptionHandler((t, e) -> thrown.add(e)).start(() -> {
          try (Stream own = context.newStream(); DeviceMemory memory = context.allocate(4096); Event event = context.newEvent(true);
              RmsNorm norm = new RmsNorm(context, 2, 64, 5); Module module = context.loadModule(Emulator.image(RmsNorm.UNIT))) {
            own.memset8(memory, 1);
            norm.upload(own);
            own.launch(module.function(RmsNorm.SYMBOL), norm.config(), norm.params);
            own.record(event);
            event.synchronize();
            double[] expected = norm.expected();
            float[] result = norm.result(own);
            for (int k = 0; k < expected.length; k++) {
              assertThat((double) result[k]).isCloseTo(expected[k], org.assertj.core.api.Assertions.within(1e-5));
            }
            assertThat(own.isIdle()).isTrue();
          }
        }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(thrown).isEmpty();

      AtomicReference<Throwable> refused = new AtomicReference<>();
      AtomicReference<Throwable> failed = new AtomicReference<>();
      Thread thread = Thread.ofVirtual().start(() -> {
        refused.set(org.assertj.core.api.Assertions.catchThrowable(context::bind));
        failed.set(org.assertj.core.api.Assertions.catchThrowable(() -> context.allocate(1L << 50)));
      });
      thread.join();
      assertThat(refused.get()).isInstanceOf(IllegalStateException.class).hasMessageContaining("virtual");
      assertThat(failed.get()).isInstanceOf(CudaException.class).hasMessageContaining("CUDA_ERROR_OUT_OF_MEMORY");
      stream.synchronize();
    }
  }

  private static long current(Driver driver) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      assertThat(Downcall.call(driver.cuCtxGetCurrent, out.address())).isZero();
      return out.get(ValueLayout.JAVA_LONG, 0);
    }
  }
}
