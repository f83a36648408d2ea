package dev.gatun;

import dev.gatun.spi.BackendDriver;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * An open backend, owned: closing it closes every buffer, stream, cache and executable made by it. Safe to share between threads. After a sticky
 * device error it is poisoned and every later call says so.
 */
public final class Backend implements AutoCloseable {
  private final String name;
  private final BackendDriver driver;
  private final Set<AutoCloseable> owned = Collections.newSetFromMap(new IdentityHashMap<>());
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
    return keep(guard(() -> new Buffer(driver.allocate(bytes), Optional.of(this))));
  }

  /** A contiguous tensor in a buffer of its own. */
  public Tensor allocate(DType dtype, long... shape) {
    Shape sizes = Shape.of(shape);
    return Tensor.of(allocate(dtype.bytes(sizes.elements())), 0, dtype, sizes);
  }

  /** An F32 tensor in a buffer of its own that holds {@code values}. */
  public Tensor tensor(float[] values, long... shape) {
    Tensor tensor = allocate(DType.F32, shape);
    if (tensor.shape().elements() != values.length) {
      tensor.buffer().close();
      throw new ShapeException(values.length + " values for a tensor of shape " + Shape.of(shape));
    }
    try (Stream stream = newStream()) {
      stream.write(tensor, values);
    }
    return tensor;
  }

  /** An I32 tensor in a buffer of its own that holds {@code values}. */
  public Tensor tensor(int[] values, long... shape) {
    Tensor tensor = allocate(DType.I32, shape);
    if (tensor.shape().elements() != values.length) {
      tensor.buffer().close();
      throw new ShapeException(values.length + " values for a tensor of shape " + Shape.of(shape));
    }
    try (Stream stream = newStream()) {
      stream.write(tensor, values);
    }
    return tensor;
  }

  /**
   * Makes a weight ready for {@code use}: where it lies if the backend can read it there, or in a buffer and layout of the backend's own.
   *
   * @param weight a plain tensor, of this backend or in host memory, with contiguous rows
   */
  public Prepared prepare(Tensor weight, Use use) {
    if (!weight.isPlain()) {
      throw new ShapeException("prepare: " + weight + " is prepared already");
    }
    weight.buffer().hold();
    try {
      return guard(() -> driver.prepare(weight, use, bytes -> allocate(bytes)));
    } finally {
      weight.buffer().release();
    }
  }

  /** A new stream. */
  public Stream newStream() {
    return keep(guard(() -> new Stream(this, driver.newStream())));
  }

  /** A new, empty cache. @throws UnsupportedCaseException for a dtype the backend does not keep keys in */
  public KvCache newKvCache(KvCache.Spec spec) {
    return keep(guard(() -> new KvCache(this, spec, driver.newCache(spec))));
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
    return keep(guard(() -> new Executable(this, program, driver.compile(program))));
  }

  /** Whether a sticky error has been thrown already. */
  boolean isPoisoned() {
    return poison.isPresent();
  }

  void guard(Runnable call) {
    guard(() -> {
      call.run();
      return this;
    });
  }

  /** Runs a call to the driver: not after close, not after a sticky error, and noting one. */
  <T> T guard(Supplier<T> call) {
    if (closed) {
      throw new ClosedException("backend " + name + " is used after it was closed");
    }
    if (poison.isPresent()) {
      throw new DeviceException("backend " + name + " lost its device and needs a new process; the first error was: "
          + poison.get().getMessage(), poison.get().errorName(), true);
    }
    try {
      return call.get();
    } catch (DeviceException e) {
      if (e.isSticky()) {
        poison = Optional.of(e);
      }
      throw e;
    }
  }

  private <T extends AutoCloseable> T keep(T resource) {
    synchronized (owned) {
      owned.add(resource);
    }
    return resource;
  }

  void forget(AutoCloseable resource) {
    synchronized (owned) {
      owned.remove(resource);
    }
  }

  /** Closes everything made by this backend, streams first, then the device; a second call does nothing. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    List<AutoCloseable> rest;
    synchronized (owned) {
      rest = new ArrayList<>(owned);
    }
    List<Exception> failures = new ArrayList<>();
    for (Class<?> kind : List.of(Stream.class, Executable.class, KvCache.class, Buffer.class)) {
      for (AutoCloseable resource : rest) {
        if (kind.isInstance(resource)) {
          try {
            resource.close();
          } catch (Exception e) {
            failures.add(e);
          }
        }
      }
    }
    closed = true;
    driver.close();
    if (!failures.isEmpty()) {
      GatunException failure = new GatunException("backend " + name + " could not close everything: " + failures.getFirst().getMessage());
      failures.forEach(failure::addSuppressed);
      throw failure;
    }
  }
}
