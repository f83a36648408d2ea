package dev.gatun.ffi.cuda;

import static dev.gatun.ffi.cuda.Downcall.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * Page-locked host memory, owned by who allocated or registered it. Its segment ends with it. Copies and kernels that use it have to be done
 * when it is closed.
 */
public final class HostMemory implements AutoCloseable {
  private static final int PORTABLE = 1;
  private static final int DEVICE_MAP = 2;
  private static final int WRITE_COMBINE = 4;

  /** What page-locked memory is for. */
  public enum Kind {
    /** Copies that run beside the host's work. */
    PINNED(PORTABLE),
    /** Kernels read and write it over the bus, at {@link HostMemory#deviceAddress()}. */
    MAPPED(PORTABLE | DEVICE_MAP),
    /** Copies to the device from memory that the host writes in order and never reads: reading it is very slow. */
    WRITE_COMBINED(PORTABLE | WRITE_COMBINE);

    private final int flags;

    Kind(int flags) {
      this.flags = flags;
    }
  }

  private final Context context;
  private final Handle handle;
  private final Entry free;
  private final Arena scope;
  private final MemorySegment segment;
  private final boolean mapped;

  @SuppressWarnings("restricted")
  private HostMemory(Context context, Handle handle, Entry free, Arena scope, long bytes, boolean mapped) {
    this.context = context;
    this.handle = handle;
    this.free = free;
    this.scope = scope;
    this.segment = MemorySegment.ofAddress(handle.get()).reinterpret(bytes, scope, null);
    this.mapped = mapped;
  }

  static HostMemory allocate(Context context, long bytes, Kind kind) {
    Driver driver = context.driver();
    Arena scope = Arena.ofShared();
    long address = context.obtain(driver.cuMemHostAlloc, out -> call(driver.cuMemHostAlloc, out, bytes, kind.flags),
        () -> bytes + " bytes of page-locked host memory were asked for");
    return new HostMemory(context, Handle.owned("HostMemory", address), driver.cuMemFreeHost, scope, bytes, kind == Kind.MAPPED);
  }

  static HostMemory register(Context context, MemorySegment memory) {
    if (!memory.isNative()) {
      throw new IllegalArgumentException("memory on the Java heap cannot be page-locked");
    }
    Driver driver = context.driver();
    long address = memory.address();
    int readOnly = memory.isReadOnly() && context.device().attribute(DeviceAttribute.READ_ONLY_HOST_REGISTER_SUPPORTED) != 0 ? 8 : 0;
    Arena scope = Arena.ofShared();
    context.obtain(driver.cuMemHostRegister_v2,
        ignored -> call(driver.cuMemHostRegister_v2, address, memory.byteSize(), PORTABLE | DEVICE_MAP | readOnly),
        () -> memory.byteSize() + " bytes were to be page-locked");
    Reference.reachabilityFence(memory);
    return new HostMemory(context, Handle.owned("HostMemory", address), driver.cuMemHostUnregister, scope, memory.byteSize(), true);
  }

  /** The memory for Java code; any thread may use it until {@link #close()}. */
  public MemorySegment segment() {
    handle.get();
    return segment;
  }

  /** Its size in bytes. */
  public long bytes() {
    return segment.byteSize();
  }

  /** Where kernels find it. Only for {@link Kind#MAPPED} and registered memory. */
  public long deviceAddress() {
    long address = handle.get();
    if (!mapped) {
      throw new IllegalStateException("host memory that kernels use is allocated as MAPPED");
    }
    Entry pointer = context.driver().cuMemHostGetDevicePointer_v2;
    return context.obtain(pointer, out -> call(pointer, out, address, 0));
  }

  /** Ends the segment and frees the memory, or unlocks it if it was registered. */
  @Override
  public void close() {
    if (!handle.isClosed() && scope.scope().isAlive()) {
      scope.close();
    }
    context.giveBack(handle, free);
  }
}
