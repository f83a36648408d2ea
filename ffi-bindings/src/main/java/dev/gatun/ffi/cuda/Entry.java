package dev.gatun.ffi.cuda;

import java.lang.foreign.MemorySegment;

/** One function of a loaded library: where it is, or why it is not there, and the shape of its parameters ({@code L} 8 bytes, {@code I} 4). */
record Entry(String name, String shape, MemorySegment code, String absence) {
  Entry {
    shape = shape.intern();
  }

  boolean isPresent() {
    return !code.equals(MemorySegment.NULL);
  }

  /** The code to call with arguments of this shape. A wrong shape would corrupt the callee's arguments, and tests run with assertions. */
  MemorySegment code(String called) {
    assert called.equals(shape) : name + " takes " + shape + ", not " + called;
    if (code.address() == 0) {
      throw new CudaUnavailableException(absence);
    }
    return code;
  }
}
