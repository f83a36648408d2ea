package dev.gatun.ffi.cuda;

import java.lang.foreign.MemorySegment;

/** A segment that the driver reads by its address alone, so that the checks of a downcall's own segments have to be made here. */
final class Parameters {
  private Parameters() {}

  static long address(MemorySegment params) {
    if (!params.isNative()) {
      throw new IllegalArgumentException("launch parameters must lie in native memory, not on the Java heap");
    }
    requireAlive(params);
    return params.address();
  }

  static void requireAlive(MemorySegment params) {
    if (!params.scope().isAlive()) {
      throw new IllegalStateException("the memory of the launch parameters was closed");
    }
  }
}
