package dev.gatun.ffi.cuda;

import static dev.gatun.ffi.cuda.Downcall.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.OptionalLong;

/**
 * An ordered queue of device work: owned by who made it, not owned when wrapped. For one thread at a time. Host memory given to a copy has to
 * live until the copy is done.
 */
public final class Stream implements AutoCloseable {
  static final int NOT_READY = 600;
  private static final int NON_BLOCKING = 1;
  private static final long LEGACY_DEFAULT = 1;
  private static final int CAPTURE_ACTIVE = 1;

  private final Context context;
  private final Driver driver;
  private final Handle handle;
  private final LaunchMemory memory = new LaunchMemory();

  private Stream(Context context, Handle handle) {
    this.context = context;
    this.driver = context.driver();
    this.handle = handle;
  }

  static Stream make(Context context, int priority) {
    Entry create = context.driver().cuStreamCreateWithPriority;
    return new Stream(context, Handle.owned("Stream", context.obtain(create, out -> call(create, out, NON_BLOCKING, priority))));
  }

  /**
   * A stream that another library made and owns, by its {@code CUstream}; 0 is the legacy default stream. Closing the result leaves it alone.
   */
  public static Stream wrap(Context context, long address) {
    context.device().cuda().shareThreads();
    Handle handle = Handle.foreign("Stream", address == 0 ? LEGACY_DEFAULT : address);
    return context.holding(() -> new Stream(context, handle));
  }

  /** The context whose work it orders. */
  public Context context() {
    return context;
  }

  /** The driver's {@code CUstream}, for handing to another library. */
  public long address() {
    return handle.get();
  }

  /**
   * Launches a kernel.
   *
   * @param params native memory with the one parameter struct, which the driver copies; {@link MemorySegment#NULL} for a kernel without
   */
  public void launch(Function f, LaunchConfig c, MemorySegment params) {
    if (!context.enter()) {
      context.platformThread().run(() -> launch(f, c, params));
      return;
    }
    memory.write(c, handle.get(), Parameters.address(params));
    int result = call(driver.cuLaunchKernelEx, memory.config(), f.address(), memory.parameters(), 0L);
    Reference.reachabilityFence(params);
    Reference.reachabilityFence(this);
    if (result != 0) {
      throw driver.failure(driver.cuLaunchKernelEx, result, context.device(), f.name() + " with " + c);
    }
  }

  /** Writes a launch's configuration once, for running it again and again; its parameters are read anew at each run. */
  public Launch prepare(Function f, LaunchConfig c, MemorySegment params) {
    handle.get();
    return new Launch(f, c, params);
  }

  /** Copies between any two addresses that the driver knows, on the device or in page-locked memory. */
  public void copy(long fromAddress, long toAddress, long bytes) {
    if (!context.enter()) {
      context.platformThread().run(() -> copy(fromAddress, toAddress, bytes));
      return;
    }
    int result = call(driver.cuMemcpyAsync, toAddress, fromAddress, bytes, handle.get());
    if (result != 0) {
      throw driver.failure(driver.cuMemcpyAsync, result, context.device(), bytes + " bytes");
    }
  }

  /** Copies a part of device memory to another, which it must not overlap. */
  public void copy(DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes) {
    copy(from.address(fromOffset, bytes), to.address(toOffset, bytes), bytes);
  }

  /** Copies native host memory to device memory from {@code offset} bytes on. */
  public void copyToDevice(MemorySegment from, DeviceMemory to, long offset) {
    copyToDevice(from, to.address(offset, from.byteSize()));
  }

  /** Copies native host memory to a device address. */
  public void copyToDevice(MemorySegment from, long toAddress) {
    long source = hostAddress(from);
    long bytes = from.byteSize();
    if (!context.enter()) {
      context.platformThread().run(() -> copyToDevice(from, toAddress));
      return;
    }
    int result = call(driver.cuMemcpyHtoDAsync_v2, toAddress, source, bytes, handle.get());
    Reference.reachabilityFence(from);
    if (result != 0) {
      throw driver.failure(driver.cuMemcpyHtoDAsync_v2, result, context.device(), bytes + " bytes");
    }
  }

  /** Copies device memory from {@code offset} bytes on to native host memory, as much as that holds. */
  public void copyToHost(DeviceMemory from, long offset, MemorySegment to) {
    copyToHost(from.address(offset, to.byteSize()), to);
  }

  /** Copies from a device address to native host memory, as much as that holds. */
  public void copyToHost(long fromAddress, MemorySegment to) {
    long target = hostAddress(to);
    long bytes = to.byteSize();
    if (to.isReadOnly()) {
      throw new IllegalArgumentException("a copy to the host needs memory that is not read-only");
    }
    if (!context.enter()) {
      context.platformThread().run(() -> copyToHost(fromAddress, to));
      return;
    }
    int result = call(driver.cuMemcpyDtoHAsync_v2, target, fromAddress, bytes, handle.get());
    Reference.reachabilityFence(to);
    if (result != 0) {
      throw driver.failure(driver.cuMemcpyDtoHAsync_v2, result, context.device(), bytes + " bytes");
    }
  }

  /** Copies from another device's memory, over the host when the devices do not reach each other. */
  public void copyFromPeer(Context peer, long fromAddress, long toAddress, long bytes) {
    long stream = handle.get();
    long from = peer.address();
    long to = context.address();
    context.perform(driver.cuMemcpyPeerAsync, () -> call(driver.cuMemcpyPeerAsync, toAddress, to, fromAddress, from, bytes, stream));
  }

  /** Sets that many bytes to the low 8 bits of {@code value}. */
  public void memset8(long address, int value, long bytes) {
    long stream = handle.get();
    context.perform(driver.cuMemsetD8Async, () -> call(driver.cuMemsetD8Async, address, value & 0xff, bytes, stream));
  }

  /** Sets all of that memory to the low 8 bits of {@code value}. */
  public void memset8(DeviceMemory memory, int value) {
    memset8(memory.address(), value, memory.bytes());
  }

  /** Sets {@code count} 32-bit words to {@code value}; the address is a multiple of 4. */
  public void memset32(long address, int value, long count) {
    long stream = handle.get();
    if (!context.enter()) {
      context.platformThread().run(() -> memset32(address, value, count));
      return;
    }
    int result = call(driver.cuMemsetD32Async, address, value, count, stream);
    if (result != 0) {
      context.check(driver.cuMemsetD32Async, result);
    }
  }

  /** Marks the point after all work so far. */
  public void record(Event e) {
    if (!context.enter()) {
      context.platformThread().run(() -> record(e));
      return;
    }
    int result = call(driver.cuEventRecord, e.address(), handle.get());
    if (result != 0) {
      context.check(driver.cuEventRecord, result);
    }
  }

  /** Lets later work wait for the point that the event marks now, of whatever stream. */
  public void waitFor(Event e) {
    if (!context.enter()) {
      context.platformThread().run(() -> waitFor(e));
      return;
    }
    int result = call(driver.cuStreamWaitEvent, handle.get(), e.address(), 0);
    if (result != 0) {
      context.check(driver.cuStreamWaitEvent, result);
    }
  }

  /** Whether all work so far is done. */
  public boolean isIdle() {
    long stream = handle.get();
    if (!context.enter()) {
      return context.platformThread().call(this::isIdle);
    }
    int result = call(driver.cuStreamQuery, stream);
    if (result != 0 && result != NOT_READY) {
      context.check(driver.cuStreamQuery, result);
    }
    return result == 0;
  }

  /** Waits until all work so far is done. */
  public void synchronize() {
    long stream = handle.get();
    if (!context.enter()) {
      context.platformThread().run(this::synchronize);
      return;
    }
    int result = call(driver.cuStreamSynchronize, stream);
    if (result != 0) {
      context.check(driver.cuStreamSynchronize, result);
    }
  }

  /** From here to {@link #endCapture()} work is put into a graph instead of being done, in mode {@link CaptureMode#THREAD_LOCAL}. */
  public void beginCapture() {
    beginCapture(CaptureMode.THREAD_LOCAL);
  }

  /** Begins a capture in that mode. */
  public void beginCapture(CaptureMode mode) {
    long stream = handle.get();
    context.perform(driver.cuStreamBeginCapture_v2, () -> call(driver.cuStreamBeginCapture_v2, stream, mode.ordinal()));
  }

  /**
   * Ends the capture; the caller owns the graph.
   *
   * @throws CudaException when the capture became invalid; it has ended then, too
   */
  public Graph endCapture() {
    long stream = handle.get();
    return context.holding(() -> {
      OptionalLong captured = context.hostFunctions().areCaptured() ? capturedGraph() : OptionalLong.empty();
      HostFunctions.Kept functions = context.hostFunctions().ended(captured.orElse(0));
      try {
        return Graph.captured(context, context.obtain(driver.cuStreamEndCapture, out -> call(driver.cuStreamEndCapture, stream, out)), functions);
      } catch (RuntimeException e) {
        functions.release();
        abandonCapture(stream, e);
        throw e;
      }
    });
  }

  /** A capture that goes on after its end failed would make an error of every later call, of freeing too. */
  private void abandonCapture(long stream, RuntimeException failure) {
    try {
      if (isCapturing()) {
        long graph = context.obtain(driver.cuStreamEndCapture, out -> call(driver.cuStreamEndCapture, stream, out));
        context.free(driver.cuGraphDestroy, () -> call(driver.cuGraphDestroy, graph));
      }
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /** Whether a capture goes on. */
  public boolean isCapturing() {
    long stream = handle.get();
    return (int) context.obtain(driver.cuStreamIsCapturing, out -> call(driver.cuStreamIsCapturing, stream, out)) != 0;
  }

  /**
   * Calls a Java function, on a thread of the driver, after all work so far; later work waits for it. It must not call CUDA, and what it
   * throws is logged. A captured one is called at every run of the graph.
   */
  public void hostFunction(Runnable function) {
    long stream = handle.get();
    OptionalLong graph = isCapturing() ? capturedGraph() : OptionalLong.empty();
    long number = graph.isPresent() ? context.hostFunctions().captured(function, graph.getAsLong()) : HostFunctions.once(function);
    try {
      long stub = HostFunctions.stub();
      context.perform(driver.cuLaunchHostFunc, () -> call(driver.cuLaunchHostFunc, stream, stub, number));
    } catch (RuntimeException e) {
      HostFunctions.forget(number);
      throw e;
    }
  }

  /** Allocates from the device's own pool, in the order of this stream's work and without waiting. */
  public DeviceMemory allocateAsync(long bytes) {
    long stream = handle.get();
    return allocated(driver.cuMemAllocAsync, bytes, out -> call(driver.cuMemAllocAsync, out, bytes, stream));
  }

  /** Allocates from that pool, in the order of this stream's work and without waiting. */
  public DeviceMemory allocateAsync(long bytes, MemoryPool pool) {
    long stream = handle.get();
    long from = pool.address();
    return allocated(driver.cuMemAllocFromPoolAsync, bytes, out -> call(driver.cuMemAllocFromPoolAsync, out, bytes, from, stream));
  }

  /** Ends the stream; the driver frees it when its work is done. */
  @Override
  public void close() {
    context.giveBack(handle, driver.cuStreamDestroy_v2);
  }

  boolean isClosed() {
    return handle.isClosed();
  }

  private DeviceMemory allocated(Entry function, long bytes, java.util.function.LongToIntFunction made) {
    if (bytes <= 0) {
      throw new IllegalArgumentException("the size of memory must be positive, was " + bytes + " bytes");
    }
    return context.holding(() -> DeviceMemory.streamOrdered(this, context.obtain(function, made, () -> bytes + " bytes were asked for"), bytes));
  }

  /** The graph that this stream is being captured into. */
  private OptionalLong capturedGraph() {
    long stream = handle.get();
    long[] graph = new long[1];
    Entry info = driver.cuStreamGetCaptureInfo_v2;
    int status = (int) context.obtain(info, out -> {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment to = arena.allocate(ValueLayout.JAVA_LONG);
        int result = call(info, stream, out, 0L, to.address(), 0L, 0L);
        graph[0] = to.get(ValueLayout.JAVA_LONG, 0);
        return result;
      }
    });
    return status == CAPTURE_ACTIVE ? OptionalLong.of(graph[0]) : OptionalLong.empty();
  }

  private static long hostAddress(MemorySegment host) {
    if (!host.isNative()) {
      throw new IllegalArgumentException("an asynchronous copy needs native memory, not an array on the Java heap");
    }
    if (!host.scope().isAlive()) {
      throw new IllegalStateException("the host memory of a copy was closed");
    }
    return host.address();
  }
}
