package dev.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Threads that share a backend, each with a stream of its own, on its thread or on another than it was made on. */
class ThreadsTest {
  private static final int THREADS = 4;
  private static final int RUNS = 100;

  @ParameterizedTest
  @ValueSource(strings = {"on", "off"})
  void platformThreadsShareABackend(String graph) throws InterruptedException, ExecutionException {
    share(graph, Thread.ofPlatform().factory());
  }

  @ParameterizedTest
  @ValueSource(strings = {"on", "off"})
  void virtualThreadsShareABackend(String graph) throws InterruptedException, ExecutionException {
    share(graph, Thread.ofVirtual().factory());
  }

  private static void share(String graph, ThreadFactory factory) throws InterruptedException, ExecutionException {
    Emulator.assumeBuilt();
    Map<String, Long> before = Emulator.live();
    try (Backend backend = Gatun.open("cuda-emulated", BackendOptions.none().with("graph", graph));
        ExecutorService threads = Executors.newThreadPerTaskExecutor(factory)) {
      List<Future<?>> done = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        int number = i;
        done.add(threads.submit(() -> work(backend, number)));
      }
      for (Future<?> each : done) {
        each.get();
      }
    }
    assertThat(Emulator.live()).isEqualTo(before);
  }

  /**
   * Adds {@code number + 1} to a sum, run after run: whole numbers, so the result is exact. What it makes comes and goes beside the others'
   * work.
   */
  private static void work(Backend backend, int number) {
    try (Stream stream = backend.newStream()) {
      Tensor one = backend.tensor(new float[] {1, 10}, 1, 2);
      Tensor sum = backend.tensor(new float[] {0, 0}, 1, 2);
      Program.Builder builder = Program.builder("sum of " + number).input(one).output(sum);
      Tensor step = builder.temporary("step", DType.F32, 1, 2);
      try (Executable add = backend.compile(builder.add(new Scale(one, number + 1, step)).add(new Add(sum, step, sum)).build())) {
        for (int i = 1; i <= RUNS; i++) {
          stream.submit(add);
          stream.synchronize();
          if (i % 20 == 0) {
            assertThat(stream.readFloats(sum)).containsExactly((number + 1) * i, 10f * (number + 1) * i);
            backend.allocate(100).close();
            try (KvCache cache = backend.newKvCache(new KvCache.Spec(1, 1, 4, 4, DType.F32, 2, 2, 1, 4))) {
              cache.reserve(stream, cache.open(), 0, 3);
              stream.synchronize();
            }
          }
        }
      }
    }
  }

  @Test
  void whatOneThreadMadeAnotherUsesAndAThirdCloses() throws InterruptedException {
    Emulator.assumeBuilt();
    Map<String, Long> before = Emulator.live();
    Backend[] backend = new Backend[1];
    Stream[] stream = new Stream[1];
    Tensor[] x = new Tensor[1];
    Tensor[] y = new Tensor[1];
    Executable[] twice = new Executable[1];
    List<Throwable> thrown = new ArrayList<>();
    Runnable[] steps = {() -> {
      backend[0] = Gatun.open("cuda-emulated");
      stream[0] = backend[0].newStream();
      x[0] = backend[0].tensor(new float[] {3, 4}, 1, 2);
    }, () -> {
      y[0] = backend[0].allocate(DType.F32, 1, 2);
      twice[0] = backend[0].compile(Program.of(new Scale(x[0], 2, y[0])));
    }, () -> stream[0].submit(twice[0]), () -> assertThat(stream[0].readFloats(y[0])).containsExactly(6, 8), () -> twice[0].close(),
      () -> backend[0].close()};
    for (int i = 0; i < steps.length; i++) {
      Thread.Builder builder = i % 2 == 0 ? Thread.ofPlatform() : Thread.ofVirtual();
      Thread thread = builder.uncaughtExceptionHandler((t, e) -> thrown.add(e)).start(steps[i]);
      thread.join();
      assertThat(thrown).isEmpty();
    }
    assertThat(Emulator.live()).isEqualTo(before);
  }
}
