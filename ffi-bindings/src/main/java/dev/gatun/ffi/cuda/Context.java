package dev.gatun.ffi.cuda;

import static dev.gatun.ffi.cuda.Downcall.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import java.util.function.LongToIntFunction;
import java.util.function.Supplier;

/**
 * A retained primary context of a device, given back when it and all that was made in it are closed, in whatever order; or a context of
 * another library, never owned. Safe for use by several threads.
 */
public final class Context implements AutoCloseable {
  private static final int DEINITIALIZED = 4;

  private final Device device;
  private final Driver driver;
  private final Handle handle;
  private final long address;
  private final AtomicInteger holds = new AtomicInteger(1);
  private final HostFunctions hostFunctions = new HostFunctions();
  private PlatformThread platformThread;

  private Context(Device device, Handle handle) {
    this.device = device;
    this.driver = device.cuda().driver();
    this.handle = handle;
    this.address = handle.get();
  }

  static Context primary(Device device) {
    return new Context(device, Handle.owned("Context", device.retainPrimary()));
  }

  /**
   * A context that another library made and owns, by its {@code CUcontext}. It is bound to the calling thread to learn its device, and stays
   * bound. Closing the result leaves the context alone.
   */
  public static Context wrap(Cuda cuda, long address) {
    Handle handle = Handle.foreign("Context", address);
    Driver driver = cuda.driver();
    cuda.shareThreads();
    if (Thread.currentThread().isVirtual()) {
      PlatformThread thread = new PlatformThread("gatun-cuda-wrap");
      try {
        return thread.call(() -> wrap(cuda, address));
      } finally {
        thread.shutdown();
      }
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
      driver.check(driver.cuCtxSetCurrent, call(driver.cuCtxSetCurrent, address), cuda.library());
      driver.check(driver.cuCtxGetDevice, call(driver.cuCtxGetDevice, number.address()), cuda.library());
      return new Context(cuda.deviceOf(number.get(ValueLayout.JAVA_INT, 0)), handle);
    }
  }

  /** The device of this context. */
  public Device device() {
    return device;
  }

  /** The driver's {@code CUcontext}, for handing to another library. */
  public long address() {
    return handle.get();
  }

  /**
   * Makes this context the calling thread's current one, which every call here does by itself. It serves code that calls the driver on its
   * own. A virtual thread has no current context and is refused.
   */
  public void bind() {
    handle.get();
    if (!enter()) {
      throw new IllegalStateException("a context is bound to platform threads only; this is a virtual one");
    }
  }

  /**
   * Loads a module image: a fatbin, a cubin, or PTX text.
   *
   * @throws CudaException with the driver's compile log when it has to compile and cannot
   */
  public Module loadModule(MemorySegment image) {
    return holding(() -> Module.load(this, image));
  }

  /** A stream of ordinary priority that does not wait for the legacy default stream. */
  public Stream newStream() {
    return newStream(0);
  }

  /** A stream of that priority; lower numbers go first, and the driver clamps to what the device has. */
  public Stream newStream(int priority) {
    return holding(() -> Stream.make(this, priority));
  }

  /** An event; one without {@code timing} is cheaper to record and wait for. */
  public Event newEvent(boolean timing) {
    return holding(() -> Event.make(this, timing));
  }

  /** An empty graph, to be filled node by node. */
  public Graph newGraph() {
    return holding(() -> Graph.make(this));
  }

  /** Device memory, aligned to at least 256 bytes, with unspecified content. */
  public DeviceMemory allocate(long bytes) {
    requirePositive(bytes);
    return holding(() -> DeviceMemory.owned(this, obtain(driver.cuMemAlloc_v2, out -> call(driver.cuMemAlloc_v2, out, bytes),
        () -> bytes + " bytes were asked for"), bytes));
  }

  /** Page-locked host memory, with unspecified content. */
  public HostMemory allocateHost(long bytes, HostMemory.Kind kind) {
    requirePositive(bytes);
    return holding(() -> HostMemory.allocate(this, bytes, kind));
  }

  /**
   * Page-locks memory that is there already, as that of a mapped file, until the result is closed. The memory has to outlive it.
   */
  public HostMemory register(MemorySegment memory) {
    requirePositive(memory.byteSize());
    return holding(() -> HostMemory.register(this, memory));
  }

  /** The device's own pool, which {@link Stream#allocateAsync(long)} draws from. Closing the result leaves the pool alone. */
  public MemoryPool defaultPool() {
    return holding(() -> MemoryPool.deviceDefault(this));
  }

  /** A pool that keeps up to {@code releaseThreshold} bytes of freed memory from the operating system; -1 keeps all. */
  public MemoryPool newPool(long releaseThreshold) {
    return holding(() -> MemoryPool.make(this, releaseThreshold));
  }

  /** The device's free and total memory. */
  public MemoryInfo memoryInfo() {
    handle.get();
    if (!enter()) {
      return platformThread().call(this::memoryInfo);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(2 * Long.BYTES, Long.BYTES);
      check(driver.cuMemGetInfo_v2, call(driver.cuMemGetInfo_v2, info.address(), info.address() + Long.BYTES));
      return new MemoryInfo(info.get(ValueLayout.JAVA_LONG, 0), info.get(ValueLayout.JAVA_LONG, Long.BYTES));
    }
  }

  /** The number of the least urgent stream priority, usually 0. */
  public int lowestPriority() {
    handle.get();
    return (int) obtain(driver.cuCtxGetStreamPriorityRange, out -> call(driver.cuCtxGetStreamPriorityRange, out, 0L));
  }

  /** The number of the most urgent stream priority, which is the smallest. */
  public int highestPriority() {
    handle.get();
    return (int) obtain(driver.cuCtxGetStreamPriorityRange, out -> call(driver.cuCtxGetStreamPriorityRange, 0L, out));
  }

  /** Lets kernels of this context read and write memory of another device's context. Asking twice is no error. */
  public void enablePeerAccess(Context peer) {
    int alreadyEnabled = 704;
    long of = peer.address();
    handle.get();
    perform(driver.cuCtxEnablePeerAccess, () -> {
      int result = call(driver.cuCtxEnablePeerAccess, of, 0);
      return result == alreadyEnabled ? 0 : result;
    });
  }

  /** Waits until all work of this context is done. */
  public void synchronize() {
    handle.get();
    perform(driver.cuCtxSynchronize, () -> call(driver.cuCtxSynchronize));
  }

  /** Ends the making of new things here. The primary context is given back when what was made in it is closed too. */
  @Override
  public void close() {
    if (handle.take() != 0) {
      drop();
    }
  }

  @Override
  public String toString() {
    return "Context of " + device;
  }

  Driver driver() {
    return driver;
  }

  HostFunctions hostFunctions() {
    return hostFunctions;
  }

  /** Binds this context to the calling platform thread. False in a virtual one, whose call goes to {@link #platformThread()}. */
  boolean enter() {
    if (Thread.currentThread().isVirtual()) {
      return false;
    }
    Cuda cuda = device.cuda();
    if (Cuda.bound().get() != this || cuda.sharesThreads()) {
      driver.check(driver.cuCtxSetCurrent, call(driver.cuCtxSetCurrent, address), device);
      Cuda.bound().set(this);
    }
    return true;
  }

  synchronized PlatformThread platformThread() {
    if (platformThread == null) {
      platformThread = new PlatformThread("gatun-cuda-" + device.ordinal());
    }
    return platformThread;
  }

  void check(Entry function, int result) {
    if (result != 0) {
      throw driver.failure(function, result, device, "");
    }
  }

  /** Makes one call with this context bound and throws what it reports. */
  void perform(Entry function, IntSupplier made) {
    if (enter()) {
      check(function, made.getAsInt());
    } else {
      platformThread().run(() -> perform(function, made));
    }
  }

  /** Makes one call that writes up to 8 bytes to the address it is given, and returns them as a little-endian number. */
  long obtain(Entry function, LongToIntFunction made) {
    return obtain(function, made, () -> "");
  }

  long obtain(Entry function, LongToIntFunction made, Supplier<String> detail) {
    if (!enter()) {
      return platformThread().call(() -> obtain(function, made, detail));
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      int result = made.applyAsInt(out.address());
      if (result != 0) {
        throw driver.failure(function, result, device, detail.get());
      }
      return out.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  /** Makes something that keeps this context alive until it gives itself back. */
  <T> T holding(Supplier<T> maker) {
    handle.get();
    hold();
    try {
      return maker.get();
    } catch (Throwable t) {
      drop();
      throw t;
    }
  }

  /** Closes a thing that was made by {@link #holding}, once: frees what it owns and lets go of this context, even when freeing fails. */
  void giveBack(Handle closed, Entry free) {
    long taken = closed.take();
    if (taken == 0) {
      return;
    }
    try {
      if (closed.isOwned()) {
        free(free, () -> call(free, taken));
      }
    } finally {
      drop();
    }
  }

  /** A freeing call; at the end of the process the driver may be gone before us, and everything with it. */
  void free(Entry function, IntSupplier made) {
    perform(function, () -> {
      int result = made.getAsInt();
      return result == DEINITIALIZED ? 0 : result;
    });
  }

  void drop() {
    if (holds.decrementAndGet() > 0) {
      return;
    }
    Cuda.bound().remove();
    synchronized (this) {
      if (platformThread != null) {
        platformThread.shutdown();
      }
    }
    hostFunctions.close();
    if (handle.isOwned()) {
      int result = device.releasePrimary();
      if (result != DEINITIALIZED) {
        check(driver.cuDevicePrimaryCtxRelease_v2, result);
      }
    }
  }

  private void hold() {
    if (holds.getAndUpdate(n -> n == 0 ? 0 : n + 1) == 0) {
      throw new IllegalStateException("Context is used after it was closed");
    }
  }

  private static void requirePositive(long bytes) {
    if (bytes <= 0) {
      throw new IllegalArgumentException("the size of memory must be positive, was " + bytes + " bytes");
    }
  }
}
