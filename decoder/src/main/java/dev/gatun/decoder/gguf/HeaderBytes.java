package dev.gatun.decoder.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Encodes a header: little-endian numbers, strings with 64-bit lengths, arrays with element type and 64-bit count. */
final class HeaderBytes {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteBuffer number = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);

  HeaderBytes i32(int value) {
    out.write(number.putInt(0, value).array(), 0, Integer.BYTES);
    return this;
  }

  HeaderBytes i64(long value) {
    out.write(number.putLong(0, value).array(), 0, Long.BYTES);
    return this;
  }

  HeaderBytes text(String value) {
    return text(value.getBytes(StandardCharsets.UTF_8));
  }

  HeaderBytes raw(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  HeaderBytes value(MetadataType type, Object value) {
    switch (type) {
      case STRING -> text(value instanceof byte[] bytes ? bytes : as(String.class, type, value).getBytes(StandardCharsets.UTF_8));
      case BOOL -> out.write(as(Boolean.class, type, value) ? 1 : 0);
      case FLOAT32 -> i32(Float.floatToRawIntBits(as(Number.class, type, value).floatValue()));
      case FLOAT64 -> i64(Double.doubleToRawLongBits(as(Number.class, type, value).doubleValue()));
      case ARRAY -> {
        MetadataArray array = as(MetadataArray.class, type, value);
        array(array.element(), array.values());
      }
      default -> {
        long integer = integer(type, value);
        out.write(number.putLong(0, integer).array(), 0, type.bytes());
      }
    }
    return this;
  }

  HeaderBytes array(MetadataType element, List<?> values) {
    i32(element.id()).i64(values.size());
    for (Object value : values) {
      value(element, value);
    }
    return this;
  }

  byte[] toBytes() {
    return out.toByteArray();
  }

  private HeaderBytes text(byte[] bytes) {
    return i64(bytes.length).raw(bytes);
  }

  private static long integer(MetadataType type, Object value) {
    if (!(value instanceof Long || value instanceof Integer || value instanceof Short || value instanceof Byte)) {
      throw new IllegalArgumentException(type + " takes an integer, not " + value);
    }
    long integer = ((Number) value).longValue();
    boolean fits = switch (type) {
      case UINT8 -> integer >= 0 && integer < 1 << 8;
      case INT8 -> integer == (byte) integer;
      case UINT16 -> integer >= 0 && integer < 1 << 16;
      case INT16 -> integer == (short) integer;
      case UINT32 -> integer >= 0 && integer < 1L << 32;
      case INT32 -> integer == (int) integer;
      default -> true;
    };
    if (!fits) {
      throw new IllegalArgumentException(integer + " doesn't fit in " + type);
    }
    return integer;
  }

  private static <T> T as(Class<T> wanted, MetadataType type, Object value) {
    if (!wanted.isInstance(value)) {
      throw new IllegalArgumentException(type + " takes a " + wanted.getSimpleName() + ", not " + value);
    }
    return wanted.cast(value);
  }
}
