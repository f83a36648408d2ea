package dev.gatun.cpu;

import dev.gatun.ClosedException;
import dev.gatun.GatunException;
import dev.gatun.Tensor;
import java.lang.foreign.MemorySegment;

/** The check that every worker can reach a tensor's memory. */
final class HostAccess {
  /** Stands for any thread but the one that made an arena. */
  private static final Thread ANOTHER = Thread.ofPlatform().unstarted(() -> {});

  private HostAccess() {}

  /** The memory of a tensor in a buffer, for reading by any thread. {@code what} begins the messages. */
  static MemorySegment shared(String what, Tensor tensor) {
    MemorySegment memory = tensor.buffer().host()
        .orElseThrow(() -> new GatunException(what + " " + tensor + " is on another device; copy it to host memory first"));
    if (!memory.scope().isAlive()) {
      throw new ClosedException(what + " " + tensor + " lies in an arena that has been closed");
    }
    if (!memory.isAccessibleBy(ANOTHER)) {
      throw new GatunException(what + " " + tensor + " lies in an arena that only one thread may use; use Arena.ofShared() or Arena.ofAuto()");
    }
    return memory;
  }

  /** As {@link #shared}, and the memory is native, as operators need it. */
  static MemorySegment operand(String what, Tensor tensor) {
    MemorySegment memory = shared(what, tensor);
    if (!memory.isNative()) {
      throw new GatunException(what + " " + tensor + " lies in a Java array; use memory of an Arena, or prepare it");
    }
    return memory;
  }
}
