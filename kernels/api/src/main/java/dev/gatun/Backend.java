package dev.gatun;

import dev.gatun.spi.BackendDriver;
import dev.gatun.spi.Decision;
import dev.gatun.spi.DeviceCache;
import dev.gatun.spi.Unsupported;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * An open backend, owned: closing it closes every buffer, stream, cache and executable made by it. Safe to share between threads. After a sticky
 * device error it is poisoned and every later call says so.
 */
public final class Backend implements AutoCloseable {
  private final String name;
  private final BackendDriver driver;
  private final Set<AutoCloseable> owned = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Object closer = new Object();
  private int calls;
  private boolean closing;
  private volatile boolean closed;
  private volatile Optional<DeviceException> poison = Optional.empty();

  Backend(String name, BackendDriver driver) {
    this.name = name;
    this.driver = driver;
  }

  /** The name it was opened by. */
  public String name() {
    return name;
  }

  /** Facts about the device. */
  public DeviceProperties device() {
    return guard(driver::properties);
  }

  /** Bytes per second that the device's memory delivers to all its units, reads only; measured once, at the first call, which takes a moment. */
  public double bandwidth() {
    return guard(driver::bandwidth);
  }

  /** The backend's own side. */
  public BackendDriver driver() {
    return driver;
  }

  /** Memory of {@code bytes} bytes, aligned as the device likes; its contents are undefined. @throws DeviceException if there is not enough */
  public Buffer allocate(long bytes) {
    if (bytes < 0) {
      throw new ShapeException("cannot allocate " + bytes + " bytes");
    }
    return guard(() -> keep(new Buffer(driver.allocate(bytes), Optional.of(this))));
  }

  /** A contiguous tensor in a buffer of its own. */
  public Tensor allocate(DType dtype, long... shape) {
    Shape sizes = Shape.of(shape);
    return Tensor.of(allocate(dtype.bytes(sizes.elements())), 0, dtype, sizes);
  }

  /** An F32 tensor in a buffer of its own that holds {@code values}. */
  public Tensor tensor(float[] values, long... shape) {
    return filled(DType.F32, shape, values.length, (stream, tensor) -> stream.write(tensor, values));
  }

  /** An I32 tensor in a buffer of its own that holds {@code values}. */
  public Tensor tensor(int[] values, long... shape) {
    return filled(DType.I32, shape, values.length, (stream, tensor) -> stream.write(tensor, values));
  }

  private Tensor filled(DType dtype, long[] shape, int values, BiConsumer<Stream, Tensor> write) {
    if (Shape.of(shape).elements() != values) {
      throw new ShapeException(values + " values for a tensor of shape " + Shape.of(shape));
    }
    Tensor tensor = allocate(dtype, shape);
    try (Stream stream = newStream()) {
      write.accept(stream, tensor);
    } catch (RuntimeException | Error e) {
      try {
        tensor.buffer().close();
      } catch (RuntimeException alsoHeld) {
        e.addSuppressed(alsoHeld);
      }
      throw e;
    }
    return tensor;
  }

  /**
   * Makes a weight ready for {@code use}: where it lies if the backend can read it there, or in a buffer and layout of the backend's own.
   *
   * @param weight a plain tensor, of this backend or in host memory, with contiguous rows
   * @throws ShapeException if it is prepared already or its rows have gaps; with the reason, for a weight it makes ready for no operator
   * @throws GatunException if it is in memory of another backend
   */
  public Prepared prepare(Tensor weight, Use use) {
    if (!weight.isPlain()) {
      throw new ShapeException("prepare: " + weight + " is prepared already");
    }
    new Require("prepare").rowsContiguous("the weight", weight);
    weight.buffer().checkReach("prepare", this);
    weight.buffer().hold();
    try {
      return guard(() -> driver.prepare(weight, use, bytes -> allocate(bytes)));
    } finally {
      weight.buffer().release();
    }
  }

  /** A new stream. */
  public Stream newStream() {
    return guard(() -> keep(new Stream(this, driver.newStream())));
  }

  /** A new, empty cache. @throws ShapeException for a dtype or geometry the backend does not keep keys in, with its reason */
  public KvCache newKvCache(KvCache.Spec spec) {
    return guard(() -> {
      DeviceCache device = driver.newCache(spec);
      KvCache cache;
      try {
        cache = new KvCache(this, spec, device);
      } catch (RuntimeException | Error e) {
        device.close();
        throw e;
      }
      return keep(cache);
    });
  }

  /** What the backend would run for a case, or why it would not. */
  public Decision plan(Case wanted) {
    return guard(() -> driver.plan(wanted));
  }

  /** As {@link #plan(Case)}, for an operator. */
  public Decision plan(Operator operator) {
    return plan(operator.toCase());
  }

  /**
   * Compiles a program into what this backend does best.
   *
   * @throws UnsupportedCaseException with the backend's reason, for the first operator it does not serve
   * @throws GatunException if a tensor or cache belongs to another backend
   */
  public Executable compile(Program program) {
    for (Buffer buffer : program.buffers()) {
      buffer.memory();
      boolean reachable = buffer.backend().map(owner -> owner == this).orElseGet(() -> device().hostMemory());
      if (!reachable) {
        throw new GatunException(program + " uses memory of " + buffer.backend().map(b -> "another backend, " + b.name()).orElse("the host")
            + ", which backend " + name + " does not reach; prepare or copy it first");
      }
    }
    for (KvCache cache : program.caches()) {
      cache.checkOpen();
      if (cache.backend() != this) {
        throw new GatunException(program + " uses a cache of another backend, " + cache.backend().name());
      }
    }
    for (Operator operator : program.operators()) {
      Case wanted = operator.toCase();
      if (guard(() -> driver.plan(wanted)) instanceof Unsupported unsupported) {
        throw new UnsupportedCaseException(name, wanted, unsupported.reason());
      }
    }
    return guard(() -> keep(new Executable(this, program, driver.compile(program))));
  }

  /** Whether a sticky error has been thrown already. */
  boolean isPoisoned() {
    return poison.isPresent();
  }

  /** Runs a call to the driver, which {@link #close()} waits for: not after close, not after a sticky error, and noting one. */
  private <T> T guard(Supplier<T> call) {
    synchronized (owned) {
      if (closing) {
        throw closedAlready();
      }
      calls++;
    }
    try {
      check();
      return call.get();
    } catch (DeviceException e) {
      throw failed(e);
    } finally {
      callEnded();
    }
  }

  private void callEnded() {
    synchronized (owned) {
      calls--;
      owned.notifyAll();
    }
  }

  /** Throws if nothing may be asked of the driver any more. Allocates nothing otherwise. */
  void check() {
    if (closed) {
      throw closedAlready();
    }
    if (poison.isPresent()) {
      throw new DeviceException("backend " + name + " lost its device and needs a new process; the first error was: "
          + poison.get().getMessage(), poison.get().errorName(), true);
    }
  }

  private ClosedException closedAlready() {
    return new ClosedException("backend " + name + " is used after it was closed");
  }

  /** Notes a failure of the driver. @return the same failure, to be thrown */
  DeviceException failed(DeviceException failure) {
    if (failure.isSticky() && poison.map(noted -> carries(failure, noted)).orElse(true)) {
      poison = Optional.of(failure);
    }
    return failure;
  }

  /** Whether {@code later} was met while cleaning up after {@code failure}. */
  private static boolean carries(Throwable failure, DeviceException later) {
    return failure.getCause() != null && carries(failure.getCause(), later)
        || Arrays.stream(failure.getSuppressed()).anyMatch(met -> met == later || carries(met, later));
  }

  private <T extends AutoCloseable> T keep(T resource) {
    boolean late;
    synchronized (owned) {
      late = closing;
      owned.add(resource);
    }
    if (late) {
      closeAll(List.of(resource));
      throw new ClosedException("backend " + name + " is being closed by another thread");
    }
    return resource;
  }

  /** Lets go of a resource that was closed, and frees it on the device before the driver closes. What a lost device held is lost with it. */
  void dispose(AutoCloseable resource, Runnable free) {
    synchronized (owned) {
      owned.remove(resource);
      calls++;
    }
    try {
      freed(free);
    } finally {
      callEnded();
    }
  }

  /** Frees something. That a device is lost is told once: by the call that found out. */
  private void freed(Runnable free) {
    boolean known = isPoisoned();
    try {
      free.run();
    } catch (DeviceException e) {
      failed(e);
      if (!known || !e.isSticky()) {
        throw e;
      }
    }
  }

  /**
   * Waits for the work in flight, then closes everything made by this backend, streams first, and the device; a second call does nothing.
   *
   * @throws GatunException if another thread is using a stream, or the work of a stream cannot be waited for: nothing is closed then, the
   *     backend stays usable, and close may be called again. Also if something fails while it is freed; the backend is closed then
   */
  @Override
  public void close() {
    synchronized (closer) {
      if (closed) {
        return;
      }
      List<AutoCloseable> rest = beginClosing();
      List<Stream> streams = rest.stream().filter(Stream.class::isInstance).map(Stream.class::cast).toList();
      List<Stream> claimed = new ArrayList<>();
      boolean settled = false;
      List<Exception> failures = new ArrayList<>();
      try {
        for (Stream stream : streams) {
          stream.claim();
          claimed.add(stream);
        }
        for (Stream stream : streams) {
          stream.settle().ifPresent(failures::add);
        }
        settled = true;
      } finally {
        if (!settled) {
          claimed.forEach(Stream::unclaim);
          synchronized (owned) {
            closing = false;
          }
        }
      }
      for (Stream stream : streams) {
        try {
          stream.free();
        } catch (RuntimeException e) {
          failures.add(e);
        } finally {
          stream.unclaim();
        }
      }
      failures.addAll(closeAll(rest));
      awaitCalls();
      closed = true;
      try {
        freed(driver::close);
      } catch (RuntimeException e) {
        failures.add(e);
      }
      if (!failures.isEmpty()) {
        GatunException failure = new GatunException("backend " + name + " could not close everything: " + failures.getFirst().getMessage());
        failures.forEach(failure::addSuppressed);
        throw failure;
      }
    }
  }

  /** Refuses new calls, waits for those on other threads, and says what there is to close. */
  private List<AutoCloseable> beginClosing() {
    synchronized (owned) {
      closing = true;
    }
    awaitCalls();
    synchronized (owned) {
      return new ArrayList<>(owned);
    }
  }

  private void awaitCalls() {
    boolean interrupted = false;
    synchronized (owned) {
      while (calls > 0) {
        try {
          owned.wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static List<Exception> closeAll(List<? extends AutoCloseable> resources) {
    List<Exception> failures = new ArrayList<>();
    for (Class<?> kind : List.of(Stream.class, Executable.class, KvCache.class, Buffer.class)) {
      for (AutoCloseable resource : resources) {
        if (kind.isInstance(resource)) {
          try {
            resource.close();
          } catch (Exception e) {
            failures.add(e);
          }
        }
      }
    }
    return failures;
  }
}
