package dev.gatun.cpu.format;

import dev.gatun.DType;
import dev.gatun.ShapeException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** What both directions share: the loop's signature, the fields' layouts, and the check that a row lies within its segment. */
interface RowConversion {
  ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  void row(MemorySegment src, long from, MemorySegment dst, long to, int elements);

  /** Fails unless {@code elements} elements of {@code type} lie within {@code segment} at {@code offset}. */
  static void check(String call, DType type, MemorySegment segment, long offset, int elements) {
    long bytes = type.bytes(elements);
    if (offset < 0 || bytes > segment.byteSize() - offset) {
      throw new ShapeException(call + ": " + elements + " elements of " + type + " at byte " + offset + " need " + bytes
          + " bytes, past the end of a segment of " + segment.byteSize());
    }
  }
}
