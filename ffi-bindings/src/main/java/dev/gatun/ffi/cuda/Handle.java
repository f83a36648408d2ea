package dev.gatun.ffi.cuda;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** A driver's handle or address, until it is closed: given out while open, and taken back exactly once. */
final class Handle {
  private static final VarHandle ADDRESS;

  static {
    try {
      ADDRESS = MethodHandles.lookup().findVarHandle(Handle.class, "address", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final String kind;
  private final boolean owned;
  private volatile long address;

  private Handle(String kind, long address, boolean owned) {
    if (address == 0) {
      throw new IllegalArgumentException(kind + " has a null address");
    }
    this.kind = kind;
    this.address = address;
    this.owned = owned;
  }

  static Handle owned(String kind, long address) {
    return new Handle(kind, address, true);
  }

  static Handle foreign(String kind, long address) {
    return new Handle(kind, address, false);
  }

  /** The address, or the error of a use after closing. */
  long get() {
    long open = address;
    if (open == 0) {
      throw new IllegalStateException(kind + " is used after it was closed");
    }
    return open;
  }

  boolean isClosed() {
    return address == 0;
  }

  boolean isOwned() {
    return owned;
  }

  /** Ends every later use; gives the address to the one caller who closes it, and 0 to all others. */
  long take() {
    return (long) ADDRESS.getAndSet(this, 0L);
  }
}
