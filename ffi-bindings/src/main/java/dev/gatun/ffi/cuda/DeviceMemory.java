package dev.gatun.ffi.cuda;

import static dev.gatun.ffi.cuda.Downcall.call;

import java.util.Optional;

/**
 * A range of device memory. Owned by who allocated it; one that was wrapped, or that a module holds, is not owned and closing it frees
 * nothing. Work that uses the memory has to be done, or ordered before the freeing, when it is closed.
 */
public final class DeviceMemory implements AutoCloseable {
  private final Context context;
  private final Handle handle;
  private final Optional<Handle> holder;
  private final Optional<Stream> freeingStream;
  private final long bytes;

  private DeviceMemory(Context context, Handle handle, Optional<Handle> holder, Optional<Stream> freeingStream, long bytes) {
    this.context = context;
    this.handle = handle;
    this.holder = holder;
    this.freeingStream = freeingStream;
    this.bytes = bytes;
  }

  static DeviceMemory owned(Context context, long address, long bytes) {
    return new DeviceMemory(context, Handle.owned("DeviceMemory", address), Optional.empty(), Optional.empty(), bytes);
  }

  static DeviceMemory streamOrdered(Stream stream, long address, long bytes) {
    return new DeviceMemory(stream.context(), Handle.owned("DeviceMemory", address), Optional.empty(), Optional.of(stream), bytes);
  }

  static DeviceMemory within(Context context, Handle holder, long address, long bytes) {
    return new DeviceMemory(context, Handle.foreign("DeviceMemory", address), Optional.of(holder), Optional.empty(), bytes);
  }

  /** Memory that another library allocated and owns, by its {@code CUdeviceptr}. Closing the result leaves it allocated. */
  public static DeviceMemory wrap(Context context, long address, long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("the size of memory must not be negative, was " + bytes + " bytes");
    }
    context.device().cuda().shareThreads();
    Handle handle = Handle.foreign("DeviceMemory", address);
    return context.holding(() -> new DeviceMemory(context, handle, Optional.empty(), Optional.empty(), bytes));
  }

  /** Its first address on the device. */
  public long address() {
    holder.ifPresent(Handle::get);
    return handle.get();
  }

  /** Its size in bytes. */
  public long bytes() {
    return bytes;
  }

  /** Frees the memory in the order of that stream's work, without waiting. Only for memory of {@link Stream#allocateAsync(long)}. */
  public void closeOn(Stream stream) {
    if (freeingStream.isEmpty()) {
      throw new IllegalStateException("only memory of Stream.allocateAsync is freed on a stream");
    }
    Driver driver = context.driver();
    long ordering = stream.address();
    long taken = handle.take();
    if (taken != 0) {
      try {
        context.free(driver.cuMemFreeAsync, () -> call(driver.cuMemFreeAsync, taken, ordering));
      } finally {
        context.drop();
      }
    }
  }

  /**
   * Frees the memory. That of {@link Stream#allocateAsync(long)} is freed in the order of its stream, without waiting, while that stream is
   * open, and else at once.
   */
  @Override
  public void close() {
    if (freeingStream.isPresent() && !freeingStream.get().isClosed()) {
      closeOn(freeingStream.get());
    } else {
      context.giveBack(handle, context.driver().cuMemFree_v2);
    }
  }

  @Override
  public String toString() {
    return "DeviceMemory of " + bytes + " bytes" + (handle.isClosed() ? ", closed" : " at 0x" + Long.toHexString(handle.get()));
  }

  /** The address of a part of it, which has to lie inside. */
  long address(long offset, long length) {
    if (offset < 0 || length < 0 || offset > bytes - length) {
      throw new IndexOutOfBoundsException(length + " bytes from " + offset + " do not lie in device memory of " + bytes + " bytes");
    }
    return address() + offset;
  }
}
