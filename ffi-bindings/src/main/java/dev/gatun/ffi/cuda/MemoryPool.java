package dev.gatun.ffi.cuda;

import static dev.gatun.ffi.cuda.Downcall.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;

/** A pool for stream-ordered memory: owned when it was made by {@link Context#newPool}, not when it is the device's own. */
public final class MemoryPool implements AutoCloseable {
  static final StructLayout PROPERTIES = MemoryLayout.structLayout(
      ValueLayout.JAVA_INT.withName("allocType"), ValueLayout.JAVA_INT.withName("handleTypes"),
      ValueLayout.JAVA_INT.withName("locationType"), ValueLayout.JAVA_INT.withName("locationId"),
      ValueLayout.ADDRESS.withName("win32SecurityAttributes"), ValueLayout.JAVA_LONG.withName("maxSize"),
      ValueLayout.JAVA_SHORT.withName("usage"), MemoryLayout.paddingLayout(54));

  private static final int ALLOCATION_PINNED = 1;
  private static final int LOCATION_DEVICE = 1;
  private static final int RELEASE_THRESHOLD = 4;
  private static final int RESERVED_CURRENT = 5;
  private static final int USED_CURRENT = 7;

  private final Context context;
  private final Driver driver;
  private final Handle handle;

  private MemoryPool(Context context, Handle handle) {
    this.context = context;
    this.driver = context.driver();
    this.handle = handle;
  }

  static MemoryPool deviceDefault(Context context) {
    Entry pool = context.driver().cuDeviceGetDefaultMemPool;
    int device = context.device().handle();
    return new MemoryPool(context, Handle.foreign("MemoryPool", context.obtain(pool, out -> call(pool, out, device))));
  }

  static MemoryPool make(Context context, long releaseThreshold) {
    Driver driver = context.driver();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment properties = arena.allocate(PROPERTIES);
      properties.set(ValueLayout.JAVA_INT, 0, ALLOCATION_PINNED);
      properties.set(ValueLayout.JAVA_INT, PROPERTIES.byteOffset(PathElement.groupElement("locationType")), LOCATION_DEVICE);
      properties.set(ValueLayout.JAVA_INT, PROPERTIES.byteOffset(PathElement.groupElement("locationId")), context.device().handle());
      long from = properties.address();
      long address = context.obtain(driver.cuMemPoolCreate, out -> call(driver.cuMemPoolCreate, out, from));
      MemoryPool pool = new MemoryPool(context, Handle.owned("MemoryPool", address));
      try {
        pool.releaseThreshold(releaseThreshold);
      } catch (RuntimeException e) {
        try {
          context.free(driver.cuMemPoolDestroy, () -> call(driver.cuMemPoolDestroy, address));
        } catch (CudaException destroying) {
          e.addSuppressed(destroying);
        }
        throw e;
      }
      return pool;
    }
  }

  /** Sets how many bytes of freed memory the pool keeps from the operating system when work is waited for; -1 keeps all. */
  public void releaseThreshold(long bytes) {
    long pool = handle.get();
    try (Arena arena = Arena.ofConfined()) {
      long value = arena.allocateFrom(ValueLayout.JAVA_LONG, bytes).address();
      context.perform(driver.cuMemPoolSetAttribute, () -> call(driver.cuMemPoolSetAttribute, pool, RELEASE_THRESHOLD, value));
    }
  }

  /** Bytes that allocations hold now. */
  public long usedBytes() {
    return attribute(USED_CURRENT);
  }

  /** Bytes that the pool has from the operating system now. */
  public long reservedBytes() {
    return attribute(RESERVED_CURRENT);
  }

  /** Gives freed memory back to the operating system, down to {@code keep} bytes. */
  public void trimTo(long keep) {
    long pool = handle.get();
    context.perform(driver.cuMemPoolTrimTo, () -> call(driver.cuMemPoolTrimTo, pool, keep));
  }

  /** Ends the pool; the driver keeps it until its last allocation is freed. */
  @Override
  public void close() {
    context.giveBack(handle, driver.cuMemPoolDestroy);
  }

  long address() {
    return handle.get();
  }

  private long attribute(int number) {
    long pool = handle.get();
    return context.obtain(driver.cuMemPoolGetAttribute, out -> call(driver.cuMemPoolGetAttribute, pool, number, out));
  }
}
