package dev.gatun.ffi.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** NUL-terminated text that native code wrote. */
final class NativeText {
  private static final int LONGEST = 1 << 16;

  private NativeText() {}

  /** The text at an address; empty for a null one. */
  @SuppressWarnings("restricted")
  static String at(long address) {
    return address == 0 ? "" : in(MemorySegment.ofAddress(address).reinterpret(LONGEST));
  }

  /** The text in a buffer, up to its NUL or its end. */
  static String in(MemorySegment buffer) {
    int length = 0;
    while (length < buffer.byteSize() && buffer.get(ValueLayout.JAVA_BYTE, length) != 0) {
      length++;
    }
    return new String(buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
  }
}
