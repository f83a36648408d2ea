package dev.gatun.decoder.gguf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.RandomAccess;
import java.util.function.Function;

/**
 * One metadata value as its bytes in the file, checked when it was read and decoded when it is asked for.
 *
 * @param type the value's type
 * @param element the type of its elements; {@code type} itself where it isn't an array
 * @param count how many elements, 1 for a scalar
 * @param payload the elements, without the array's own element type and count
 */
record MetadataValue(MetadataType type, MetadataType element, int count, byte[] payload) {
  boolean isArray() {
    return type == MetadataType.ARRAY;
  }

  String typeName() {
    return isArray() ? "array of " + count + " " + element : type.toString();
  }

  ByteBuffer reader() {
    return ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN);
  }

  Object decode() {
    ByteBuffer in = reader();
    return isArray() ? elements(in, element, count) : scalar(in, type);
  }

  <T> List<T> strings(Function<byte[], T> decoded) {
    ByteBuffer in = reader();
    List<T> strings = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      strings.add(decoded.apply(string(in)));
    }
    return Collections.unmodifiableList(strings);
  }

  /** The next integer, widened; a UINT64 above the signed range comes out negative. */
  static long integer(ByteBuffer in, MetadataType type) {
    return switch (type) {
      case UINT8 -> Byte.toUnsignedLong(in.get());
      case INT8 -> in.get();
      case UINT16 -> Short.toUnsignedLong(in.getShort());
      case INT16 -> in.getShort();
      case UINT32 -> Integer.toUnsignedLong(in.getInt());
      case INT32 -> in.getInt();
      case UINT64, INT64 -> in.getLong();
      case FLOAT32, FLOAT64, BOOL, STRING, ARRAY -> throw new IllegalArgumentException(type + " is no integer");
    };
  }

  static double real(ByteBuffer in, MetadataType type) {
    return switch (type) {
      case FLOAT32 -> in.getFloat();
      case FLOAT64 -> in.getDouble();
      case UINT64 -> unsigned(in.getLong());
      default -> integer(in, type);
    };
  }

  private static double unsigned(long value) {
    return value >= 0 ? value : (double) (value >>> 1 | value & 1) * 2;
  }

  static byte[] string(ByteBuffer in) {
    byte[] text = new byte[(int) in.getLong()];
    in.get(text);
    return text;
  }

  static String decoded(byte[] text) {
    return text.length == 0 ? "" : new String(text, StandardCharsets.UTF_8);
  }

  private static Object scalar(ByteBuffer in, MetadataType type) {
    return switch (type) {
      case FLOAT32 -> in.getFloat();
      case FLOAT64 -> in.getDouble();
      case BOOL -> in.get() != 0;
      case STRING -> decoded(string(in));
      case ARRAY -> {
        MetadataType element = MetadataType.ofId(in.getInt()).orElseThrow();
        yield elements(in, element, (int) in.getLong());
      }
      default -> integer(in, type);
    };
  }

  private static List<Object> elements(ByteBuffer in, MetadataType element, int count) {
    if (element.bytes() > 0) {
      List<Object> list = new FixedWidth(in.slice().order(ByteOrder.LITTLE_ENDIAN), element, count);
      in.position(in.position() + count * element.bytes());
      return list;
    }
    List<Object> list = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      list.add(scalar(in, element));
    }
    return Collections.unmodifiableList(list);
  }

  /** Numbers read from the bytes as they are asked for: an array of millions costs nothing until then. */
  private static final class FixedWidth extends AbstractList<Object> implements RandomAccess {
    private final ByteBuffer bytes;
    private final MetadataType type;
    private final int count;

    FixedWidth(ByteBuffer bytes, MetadataType type, int count) {
      this.bytes = bytes;
      this.type = type;
      this.count = count;
    }

    @Override
    public Object get(int index) {
      ByteBuffer at = bytes.slice(Objects.checkIndex(index, count) * type.bytes(), type.bytes());
      return scalar(at.order(ByteOrder.LITTLE_ENDIAN), type);
    }

    @Override
    public int size() {
      return count;
    }
  }
}
