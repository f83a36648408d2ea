package dev.gatun.tck.oracle;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Little-endian fields at any byte offset of a segment. */
final class Bits {
  static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Bits() {}

  static int u8(MemorySegment data, long offset) {
    return data.get(ValueLayout.JAVA_BYTE, offset) & 0xFF;
  }

  static int i8(MemorySegment data, long offset) {
    return data.get(ValueLayout.JAVA_BYTE, offset);
  }

  static int u16(MemorySegment data, long offset) {
    return data.get(SHORT, offset) & 0xFFFF;
  }

  static double f16(MemorySegment data, long offset) {
    return MiniFloat.F16.decode(u16(data, offset));
  }

  /** Low nibble of the byte, or its high nibble. */
  static int nibble(MemorySegment data, long offset, boolean high) {
    return high ? u8(data, offset) >> 4 : u8(data, offset) & 15;
  }

  static void put8(MemorySegment data, long offset, int value) {
    data.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
  }

  static void put16(MemorySegment data, long offset, int value) {
    data.set(SHORT, offset, (short) value);
  }

  /** Sets bits of a byte that were zero before. */
  static void or8(MemorySegment data, long offset, int value) {
    put8(data, offset, u8(data, offset) | value);
  }
}
