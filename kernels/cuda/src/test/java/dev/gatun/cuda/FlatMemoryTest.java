package dev.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import dev.gatun.Add;
import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.Gatun;
import dev.gatun.KvCache;
import dev.gatun.Program;
import dev.gatun.Scale;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is made and closed over and over leaves neither the driver's objects, nor native memory, nor anything on the Java heap. */
class FlatMemoryTest {
  private static final int ROUNDS = 5;
  private static final int MOST_ROUNDS = 200;

  /** What may come and go in a round that is called flat: for 400 programs, not 200 bytes each. */
  private static final long ROUND_BYTES = 64L << 10;
  private static final long HEAP_BYTES = 2L << 20;

  /** Address space that the C library reserves for threads that the JVM starts meanwhile, 64 MiB each. */
  private static final long ARENAS_BYTES = 256L << 20;

  private Map<String, Long> before = Map.of();

  @BeforeEach
  void count() {
    Emulator.assumeBuilt();
    before = Emulator.live();
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(Emulator.live()).isEqualTo(before);
  }

  /** Something done over and over. */
  private interface Cycles {
    void run(int count);
  }

  /**
   * A leak grows in every round. The JVM's own compilers take native memory and give it back while the code is new, so what counts is that it comes
   * to rest: two rounds in a row that neither take nor give.
   */
  private static void assertFlat(int count, Cycles cycles) {
    int each = count / ROUNDS;
    cycles.run(each);
    Map<String, Long> live = Emulator.live();
    long mapped = NativeMemory.mapped();
    long heap = heap();
    List<Long> grown = new ArrayList<>();
    while (grown.size() < ROUNDS || !isAtRest(grown) && grown.size() < MOST_ROUNDS) {
      long allocated = collected();
      cycles.run(each);
      grown.add(collected() - allocated);
    }
    assertThat(Emulator.live()).isEqualTo(live);
    assertThat(heap() - heap).as("bytes of the Java heap").isLessThan(HEAP_BYTES);
    assertThat(NativeMemory.mapped() - mapped).as("bytes of address space").isLessThan(ARENAS_BYTES);
    assertThat(isAtRest(grown)).as("bytes of the C library, round by round: %s", grown).isTrue();
  }

  /** Bytes of the C library, without those that wait for the collector: a stream's launches live in an automatic arena. */
  private static long collected() {
    System.gc();
    return NativeMemory.allocated();
  }

  private static boolean isAtRest(List<Long> grown) {
    return grown.subList(grown.size() - 2, grown.size()).stream().allMatch(bytes -> Math.abs(bytes) < ROUND_BYTES);
  }

  private static long heap() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  @Test
  void aMillionBuffers() {
    try (Backend backend = Gatun.open("cuda-emulated")) {
      assertFlat(1_000_000, count -> {
        for (int i = 0; i < count; i++) {
          backend.allocate(64 + i % 1024).close();
        }
      });
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"on", "off"})
  void submissions(String graph) {
    try (Backend backend = Gatun.open("cuda-emulated", BackendOptions.none().with("graph", graph)); Stream stream = backend.newStream()) {
      Tensor x = backend.tensor(new float[] {1, 2, 3}, 1, 3);
      Tensor y = backend.allocate(DType.F32, 1, 3);
      try (Executable program = backend.compile(program(x, y))) {
        assertFlat(20_000, count -> {
          for (int i = 0; i < count; i++) {
            stream.submit(program);
            stream.synchronize();
          }
        });
        assertThat(stream.readFloats(y)).containsExactly(3, 6, 9);
      }
    }
  }

  /** An object takes 16 bytes at least, so less than 8 bytes a run on average means that there is none. */
  @Test
  void aSubmissionPutsNothingOnTheJavaHeap() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    assumeTrue(threads.isThreadAllocatedMemorySupported());
    int runs = 1_000;
    try (Backend backend = Gatun.open("cuda-emulated"); Stream stream = backend.newStream()) {
      Tensor x = backend.tensor(new float[] {1, 2, 3}, 1, 3);
      try (Executable program = backend.compile(program(x, backend.allocate(DType.F32, 1, 3)))) {
        submit(stream, program, runs);
        long allocated = threads.getCurrentThreadAllocatedBytes();
        submit(stream, program, runs);
        assertThat(threads.getCurrentThreadAllocatedBytes() - allocated).isLessThan(8L * runs);
      }
    }
  }

  private static void submit(Stream stream, Executable program, int runs) {
    for (int i = 0; i < runs; i++) {
      stream.submit(program);
      stream.synchronize();
    }
  }

  @Test
  void compilations() {
    try (Backend backend = Gatun.open("cuda-emulated")) {
      Tensor x = backend.tensor(new float[] {1, 2, 3}, 1, 3);
      Tensor y = backend.allocate(DType.F32, 1, 3);
      assertFlat(2_000, count -> {
        for (int i = 0; i < count; i++) {
          try (Executable compiled = backend.compile(program(x, y))) {
            assertThat(compiled.workspaceBytes()).isPositive();
          }
        }
      });
    }
  }

  @Test
  void caches() {
    try (Backend backend = Gatun.open("cuda-emulated"); Stream stream = backend.newStream()) {
      assertFlat(200, count -> {
        for (int i = 0; i < count; i++) {
          try (KvCache cache = backend.newKvCache(new KvCache.Spec(2, 2, 64, 64, DType.F16, 16, 64, 4, 256))) {
            int slot = cache.open();
            cache.reserve(stream, slot, 0, 200);
            cache.fork(stream, slot);
            stream.synchronize();
          }
        }
      });
    }
  }

  @Test
  void backends() {
    assertFlat(100, count -> {
      for (int i = 0; i < count; i++) {
        try (Backend backend = Gatun.open("cuda-emulated")) {
          Scenario.check(backend);
        }
      }
    });
  }

  /** {@code 2 x + x} through a temporary. */
  private static Program program(Tensor x, Tensor y) {
    Program.Builder builder = Program.builder("triple").input(x).output(y);
    Tensor t = builder.temporary("t", DType.F32, 1, 3);
    return builder.add(new Scale(x, 2, t)).add(new Add(x, t, y)).build();
  }
}
