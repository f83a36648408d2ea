package dev.gatun.tck.cases;

import dev.gatun.Backend;
import dev.gatun.Buffer;
import dev.gatun.ClosedException;
import dev.gatun.Executable;
import dev.gatun.GatunException;
import dev.gatun.KvCache;
import dev.gatun.Program;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.Use;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What is promised of closing: what is closed refuses its use, closing twice is closing once, and nothing is freed under work in flight. */
final class ClosingPromises {
  private ClosingPromises() {}

  static void list(Promises to) {
    to.with("closed_buffer", ClosingPromises::buffer)
        .with("closed_stream", ClosingPromises::stream)
        .with("closed_executable", ClosingPromises::executable)
        .with("closed_cache", ClosingPromises::cache)
        .with("closed_backend", ClosingPromises::backend)
        .with("closed_twice", ClosingPromises::twice)
        .with("closed_in_flight_buffer", ground -> inFlight(ground, "a buffer", (x, executable) -> x.buffer()))
        .with("closed_in_flight_executable", ground -> inFlight(ground, "an executable", (x, executable) -> executable))
        .with("stream_waits_when_closed", ClosingPromises::streamWaits)
        .with("backend_waits_when_closed", ClosingPromises::backendWaits);
  }

  private static void buffer(Ground ground) {
    Tensor x = ground.zeros(ground.backend());
    Tensor other = ground.zeros(ground.backend());
    Executable executable = ground.own(ground.adding(ground.backend(), x, 1));
    Program program = ground.program(ground.backend(), x, 1);
    x.buffer().close();
    ground.holds(x.buffer().isClosed(), () -> "a buffer says that it is open after it was closed");
    ground.refused("submitting a program over a closed buffer", ClosedException.class, () -> ground.stream().submit(executable));
    ground.refused("compiling a program over a closed buffer", ClosedException.class, () -> ground.backend().compile(program));
    ground.refused("copying from a closed buffer", ClosedException.class, () -> ground.stream().copy(x, other));
    ground.refused("copying to a closed buffer", ClosedException.class, () -> ground.stream().copy(other, x));
    ground.refused("reading a closed buffer", ClosedException.class, () -> ground.stream().readFloats(x));
    ground.refused("preparing a closed buffer", ClosedException.class, () -> ground.backend().prepare(x, Use.MATMUL));
    ground.works(ground.backend(), "after a closed buffer was used");
  }

  private static void stream(Ground ground) {
    Tensor x = ground.zeros(ground.backend());
    Executable executable = ground.own(ground.adding(ground.backend(), x, 1));
    Stream stream = ground.backend().newStream();
    stream.close();
    ground.refused("submitting to a closed stream", ClosedException.class, () -> stream.submit(executable));
    ground.refused("copying on a closed stream", ClosedException.class, () -> stream.copy(x, ground.host(x)));
    ground.refused("reading on a closed stream", ClosedException.class, () -> stream.readFloats(x));
    ground.refused("synchronizing a closed stream", ClosedException.class, stream::synchronize);
    ground.refused("profiling on a closed stream", ClosedException.class, () -> executable.profile(stream, 1));
    ground.stream().submit(executable);
    ground.all("submitted to another stream", ground.stream().readFloats(x), 1);
  }

  private static void executable(Ground ground) {
    Tensor x = ground.zeros(ground.backend());
    Executable executable = ground.adding(ground.backend(), x, 1);
    executable.close();
    ground.refused("submitting a closed executable", ClosedException.class, () -> ground.stream().submit(executable));
    ground.refused("profiling a closed executable", ClosedException.class, () -> executable.profile(ground.stream(), 1));
    ground.attempted("explaining a closed executable", executable::explain);
    ground.all("after closed executables were used", ground.stream().readFloats(x), 0);
  }

  private static void cache(Ground ground) {
    KvCache cache = ground.cache(ground.backend(), 8, 2, 4);
    int slot = cache.open();
    cache.close();
    ground.refused("reserving in a closed cache", ClosedException.class, () -> cache.reserve(ground.stream(), slot, 0, 1));
    ground.refused("opening a slot of a closed cache", ClosedException.class, cache::open);
    ground.refused("poisoning a closed cache", ClosedException.class, () -> cache.poison(ground.stream()));
    ground.refused("releasing a slot of a closed cache", ClosedException.class, () -> cache.release(ground.stream(), slot));
    ground.works(ground.backend(), "after a closed cache was used");
  }

  private static void backend(Ground ground) {
    Backend backend = ground.bench.lab().another();
    Tensor x = ground.zeros(backend);
    Executable executable = ground.adding(backend, x, 1);
    Stream stream = backend.newStream();
    Optional<KvCache> cache = ground.anyCache(backend);
    Program program = ground.program(backend, x, 1);
    backend.close();
    ground.refused("allocating on a closed backend", ClosedException.class, () -> backend.allocate(64));
    ground.refused("a stream of a closed backend", ClosedException.class, backend::newStream);
    ground.refused("compiling on a closed backend", ClosedException.class, () -> backend.compile(program));
    ground.refused("planning on a closed backend", ClosedException.class, () -> backend.plan(program.operators().getFirst()));
    ground.refused("asking a closed backend for its device", ClosedException.class, backend::device);
    ground.refused("using a stream of a closed backend", ClosedException.class, () -> stream.submit(executable));
    cache.ifPresent(one -> ground.refused("using a cache of a closed backend", ClosedException.class, one::open));
    ground.refused("using a buffer of a closed backend", ClosedException.class, () -> x.buffer().memory());
    for (AutoCloseable owned : List.of(executable, stream, x.buffer(), backend)) {
      closeAgain(ground, owned);
    }
    cache.ifPresent(one -> closeAgain(ground, one));
    ground.works(ground.backend(), "after another of its kind was used closed");
  }

  private static void twice(Ground ground) {
    Backend backend = ground.bench.lab().another();
    Tensor x = ground.zeros(backend);
    List<AutoCloseable> all = new ArrayList<>(List.of(ground.adding(backend, x, 1), backend.newStream(), x.buffer()));
    ground.anyCache(backend).ifPresent(all::add);
    all.add(backend);
    for (AutoCloseable one : all) {
      closeAgain(ground, one);
      closeAgain(ground, one);
    }
  }

  private static void closeAgain(Ground ground, AutoCloseable owned) {
    try {
      owned.close();
    } catch (Exception e) {
      ground.holds(false, () -> "closing " + owned.getClass().getSimpleName() + " again must do nothing, but throws " + e);
    }
  }

  /** What is closed while it may be in flight. */
  @FunctionalInterface
  private interface Used {
    AutoCloseable of(Tensor x, Executable executable);
  }

  /** Whether the work is done by then is the backend's affair; that it is done right is not. */
  private static void inFlight(Ground ground, String what, Used used) {
    Tensor x = ground.zeros(ground.backend());
    Tensor copy = ground.host(x);
    Executable executable = ground.own(ground.adding(ground.backend(), x, ground.steps()));
    ground.stream().submit(executable);
    ground.stream().copy(x, copy);
    boolean closed = ground.attempted("closing " + what + " in flight", () -> {
      try {
        used.of(x, executable).close();
      } catch (GatunException e) {
        throw e;
      } catch (Exception e) {
        throw new IllegalStateException("closing " + what + ": " + e, e);
      }
    });
    ground.stream().synchronize();
    ground.all("with " + what + (closed ? " closed" : " that would not be closed") + " while it was in flight", Ground.floats(copy), ground.steps());
    closeAgain(ground, used.of(x, executable));
  }

  private static void streamWaits(Ground ground) {
    Tensor x = ground.zeros(ground.backend());
    Tensor copy = ground.host(x);
    Executable executable = ground.own(ground.adding(ground.backend(), x, ground.steps()));
    Stream stream = ground.backend().newStream();
    stream.submit(executable);
    stream.copy(x, copy);
    stream.close();
    ground.all("after the stream was closed", Ground.floats(copy), ground.steps());
    executable.close();
  }

  private static void backendWaits(Ground ground) {
    Backend backend = ground.bench.lab().another();
    Tensor x = ground.zeros(backend);
    Tensor copy = ground.host(x);
    Stream stream = backend.newStream();
    stream.submit(ground.adding(backend, x, ground.steps()));
    stream.copy(x, copy);
    backend.close();
    ground.all("after the backend was closed", Ground.floats(copy), ground.steps());
    Buffer buffer = x.buffer();
    ground.holds(buffer.isClosed(), () -> "a buffer is open after its backend was closed");
  }
}
