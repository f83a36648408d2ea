package dev.gatun.decoder.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Reads a file's header front to back. Every length is held against the bytes that are left before anything is allocated or skipped. */
final class GgufCursor {
  /** Far above any real header (a vocabulary of 500,000 tokens takes about 20 MB), so that a broken one can't fill the heap. */
  static final long LONGEST_HEADER = 128L << 20;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path file;
  private final MemorySegment bytes;
  private long at;

  GgufCursor(Path file, MemorySegment bytes) {
    this.file = file;
    this.bytes = bytes;
  }

  long at() {
    return at;
  }

  GgufException error(String cause) {
    return new GgufException(file, cause);
  }

  int u8(String what) {
    need(1, what);
    return Byte.toUnsignedInt(bytes.get(ValueLayout.JAVA_BYTE, at++));
  }

  int i32(String what) {
    need(Integer.BYTES, what);
    int value = bytes.get(INT, at);
    at += Integer.BYTES;
    return value;
  }

  long i64(String what) {
    need(Long.BYTES, what);
    long value = bytes.get(LONG, at);
    at += Long.BYTES;
    return value;
  }

  /** A 64-bit count of things that take at least {@code leastBytes} each, no more than {@code most} of them. */
  long count(String what, int leastBytes, long most) {
    long count = i64(what);
    long left = bytes.byteSize() - at;
    if (count < 0 || count > left / leastBytes) {
      throw error("the count of " + what + " is " + Long.toUnsignedString(count) + ", more than the " + left
          + " bytes left in the file can hold");
    }
    if (count > most) {
      throw error("the count of " + what + " is " + count + ", more than the " + most + " that Gatun reads");
    }
    return count;
  }

  /** A string's length, its bytes known to be there. */
  int length(String what, int most) {
    long length = i64(what);
    long left = bytes.byteSize() - at;
    if (length < 0 || length > left) {
      throw error("the length of " + what + " is " + Long.toUnsignedString(length) + " bytes, but only " + left
          + " are left in the file");
    }
    if (length > most) {
      throw error("the length of " + what + " is " + length + " bytes, more than the " + most + " that Gatun reads");
    }
    return (int) length;
  }

  String text(String what, int most) {
    int length = length(what, most);
    byte[] text = bytes(at, length);
    skip(length, what);
    return new String(text, StandardCharsets.UTF_8);
  }

  void skip(long count, String what) {
    need(count, what);
    at += count;
  }

  byte[] bytes(long from, long count) {
    return bytes.asSlice(from, count).toArray(ValueLayout.JAVA_BYTE);
  }

  private void need(long count, String what) {
    if (count > bytes.byteSize() - at) {
      throw error("the file is truncated: " + what + " needs " + count + " bytes at offset " + at + " and the file ends at "
          + bytes.byteSize());
    }
    if (count > LONGEST_HEADER - at) {
      throw error("the header is longer than the " + LONGEST_HEADER + " bytes that Gatun reads (at " + what + ")");
    }
  }
}
