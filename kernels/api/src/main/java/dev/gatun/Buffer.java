package dev.gatun;

import dev.gatun.spi.DeviceMemory;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Memory, owned: closing a buffer frees it, closing its backend frees every buffer left. Host memory wrapped by {@link #ofHost} and foreign device
 * memory stay their owner's and are only let go.
 *
 * <p>Work in flight holds the buffers it uses: {@link #close()} then throws instead of freeing memory under a kernel. A closed buffer throws
 * {@link ClosedException} wherever it is used. Safe to share between threads.
 */
public final class Buffer implements Storage, AutoCloseable {
  private final DeviceMemory memory;
  private final Optional<Backend> backend;
  private final Holds holds = new Holds();

  Buffer(DeviceMemory memory, Optional<Backend> backend) {
    this.memory = memory;
    this.backend = backend;
  }

  /** Host memory of the caller's, used where it lies and never freed by Gatun. */
  public static Buffer ofHost(MemorySegment segment) {
    return new Buffer(new DeviceMemory.Host(segment), Optional.empty());
  }

  @Override
  public long bytes() {
    return memory.bytes();
  }

  /** The backend that owns this memory; empty for wrapped host memory. */
  public Optional<Backend> backend() {
    return backend;
  }

  /** The bytes as the host sees them; empty where the host cannot reach them. @throws ClosedException once closed */
  public Optional<MemorySegment> host() {
    return memory().host();
  }

  /** The backend's side of this buffer. @throws ClosedException once closed */
  public DeviceMemory memory() {
    if (isClosed()) {
      throw new ClosedException("a buffer of " + memory.bytes() + " bytes is used after it was closed");
    }
    return memory;
  }

  /** Whether {@link #close()} has been called. */
  public boolean isClosed() {
    return holds.isClosed();
  }

  /** Marks the buffer as used by work in flight; every call is paired with one {@link #release()}. */
  void hold() {
    if (!holds.take()) {
      throw new ClosedException("a buffer of " + memory.bytes() + " bytes is used after it was closed");
    }
  }

  void release() {
    holds.release();
  }

  /** Refuses memory of a backend other than {@code user}; host memory belongs to none. */
  void checkReach(String call, Backend user) {
    if (backend.isPresent() && backend.get() != user) {
      throw new GatunException(call + ": a buffer of " + memory.bytes() + " bytes belongs to another backend, " + backend.get().name() + ", than "
          + user.name() + "; copy it through host memory");
    }
  }

  boolean overlaps(long offset, long bytes, Buffer other, long otherOffset, long otherBytes) {
    if (this != other && memory.host().isEmpty() | other.memory.host().isEmpty()) {
      return false;
    }
    if (this == other) {
      return offset < otherOffset + otherBytes && otherOffset < offset + bytes;
    }
    return memory.host().get().asSlice(offset, bytes).asOverlappingSlice(other.memory.host().get().asSlice(otherOffset, otherBytes)).isPresent();
  }

  /** Frees the memory; a second call does nothing. @throws GatunException while work in flight uses it: synchronize its stream first */
  @Override
  public void close() {
    int before = holds.close();
    if (before > 0) {
      throw new GatunException("a buffer of " + memory.bytes() + " bytes cannot be closed: " + before
          + " submissions in flight use it; synchronize their stream first");
    }
    if (before == 0) {
      backend.ifPresentOrElse(owner -> owner.dispose(this, memory::free), memory::free);
    }
  }
}
