package dev.gatun.tck.cases;

import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.GatunException;
import dev.gatun.Matmul;
import dev.gatun.Program;
import dev.gatun.RmsNorm;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.tck.lab.CheckException;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** What is promised of threads: a backend is shared by all, a stream belongs to one at a time, and the bits are the same whoever asks. */
final class ThreadPromises {
  private static final int THREADS = 3;
  private static final int ROUNDS = 8;
  private static final int HIDDEN = 256;
  private static final int WIDE = 96;

  private ThreadPromises() {}

  static void list(Promises to) {
    to.with("threads_give_the_same_bits", ground -> together(ground, Executors.newFixedThreadPool(THREADS)))
        .with("virtual_threads_give_the_same_bits", ground -> together(ground, Executors.newVirtualThreadPerTaskExecutor()))
        .with("stream_may_change_threads", ThreadPromises::handedOver)
        .with("threads_open_and_close", ThreadPromises::opening)
        .with("another_instance_gives_the_same_bits", ThreadPromises::instances);
  }

  /** A norm and a product, of inputs that {@code which} decides. */
  private static float[] result(Ground ground, Backend backend, Stream stream, int which) {
    Tensor x = backend.tensor(narrow(Fill.NORMAL.values(which, HIDDEN)), 1, HIDDEN);
    Tensor norm = backend.tensor(narrow(Fill.UNIFORM.values(which + 100, HIDDEN)), HIDDEN);
    Tensor w = backend.tensor(narrow(Fill.NORMAL.values(which + 200, WIDE * HIDDEN)), WIDE, HIDDEN);
    Tensor y = backend.allocate(DType.F32, 1, WIDE);
    Program.Builder builder = Program.builder("thread").input(x).output(y);
    Tensor h = builder.temporary("h", DType.F32, 1, HIDDEN);
    float[] there;
    try (Executable executable = backend.compile(builder.add(new RmsNorm(x, norm, 1e-5f, h)).add(new Matmul(h, w, y)).build())) {
      stream.submit(executable);
      there = stream.readFloats(y);
      for (int i = 1; i < (ground.emulated() ? 2 : ROUNDS); i++) {
        stream.submit(executable);
        float[] again = stream.readFloats(y);
        ground.holds(Arrays.equals(there, again), () -> "submitted again, a program leaves other bits");
      }
    }
    List.of(x, norm, w, y).forEach(tensor -> tensor.buffer().close());
    return there;
  }

  private static float[] narrow(double[] values) {
    float[] narrow = new float[values.length];
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] = (float) values[i];
    }
    return narrow;
  }

  private static void together(Ground ground, ExecutorService threads) {
    List<float[]> wanted = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      wanted.add(result(ground, ground.backend(), ground.stream(), i));
    }
    List<Callable<float[]>> tasks = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      int which = i;
      tasks.add(() -> {
        try (Stream stream = ground.backend().newStream()) {
          return result(ground, ground.backend(), stream, which);
        }
      });
    }
    List<float[]> there = all(tasks, threads);
    for (int i = 0; i < THREADS; i++) {
      int which = i;
      ground.holds(Arrays.equals(wanted.get(i), there.get(i)), () -> "thread " + which + ", beside others, gets other bits than alone");
    }
  }

  private static <T> List<T> all(List<Callable<T>> tasks, ExecutorService threads) {
    try (threads) {
      List<T> results = new ArrayList<>();
      for (Future<T> future : threads.invokeAll(tasks)) {
        results.add(future.get());
      }
      return results;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof CheckException failed) {
        throw failed;
      }
      throw new CheckException("promise", "on a thread of its own a call ends in " + e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new GatunException("the examination was interrupted", e);
    }
  }

  private static void handedOver(Ground ground) {
    float[] wanted = result(ground, ground.backend(), ground.stream(), 1);
    for (int i = 0; i < THREADS; i++) {
      float[] there = all(List.<Callable<float[]>>of(() -> result(ground, ground.backend(), ground.stream(), 1)), Executors.newSingleThreadExecutor()).getFirst();
      ground.holds(Arrays.equals(wanted, there), () -> "on another thread the stream gives other bits");
    }
  }

  private static void opening(Ground ground) {
    List<Callable<Boolean>> tasks = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      tasks.add(() -> {
        try (Backend backend = ground.bench.lab().another()) {
          ground.works(backend, "opened beside others");
        }
        return true;
      });
    }
    all(tasks, Executors.newFixedThreadPool(THREADS));
    ground.works(ground.backend(), "after others were opened and closed");
  }

  private static void instances(Ground ground) {
    float[] wanted = result(ground, ground.backend(), ground.stream(), 2);
    Backend other = ground.another();
    float[] there = result(ground, other, other.newStream(), 2);
    ground.holds(Arrays.equals(wanted, there), () -> "another instance of the backend, opened alike, gives other bits");
    Tensor weight = ground.bench.input(DType.Q8_0, Placement.PACKED, Fill.NORMAL.values(3, WIDE * HIDDEN), WIDE, HIDDEN);
    Tensor first = ground.bench.prepared(weight, Use.MATMUL);
    Tensor x = ground.backend().tensor(narrow(Fill.NORMAL.values(4, HIDDEN)), 1, HIDDEN);
    Tensor y = ground.backend().allocate(DType.F32, 1, WIDE);
    ground.stream().run(new Matmul(x, first, y));
    float[] once = ground.stream().readFloats(y);
    ground.stream().run(new Matmul(x, ground.bench.prepared(weight, Use.MATMUL), y));
    ground.holds(Arrays.equals(once, ground.stream().readFloats(y)), () -> "a weight that is made ready a second time gives other bits");
  }
}
