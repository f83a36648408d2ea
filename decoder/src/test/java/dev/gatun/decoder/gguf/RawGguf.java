package dev.gatun.decoder.gguf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** GGUF bytes put together by hand from the specification, right or wrong as a test wants them. Shares no code with the writer. */
final class RawGguf {
  static final int UINT8 = 0;
  static final int INT8 = 1;
  static final int UINT16 = 2;
  static final int INT16 = 3;
  static final int UINT32 = 4;
  static final int INT32 = 5;
  static final int FLOAT32 = 6;
  static final int BOOL = 7;
  static final int STRING = 8;
  static final int ARRAY = 9;
  static final int UINT64 = 10;
  static final int INT64 = 11;
  static final int FLOAT64 = 12;

  private final ByteBuffer out = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);

  static RawGguf header(long tensors, long keys) {
    return new RawGguf().raw("GGUF").i32(3).i64(tensors).i64(keys);
  }

  /** One F32 tensor of a row of 8 and no metadata; its offset as given. */
  static RawGguf oneTensor(long offset) {
    return header(1, 0).tensor("t", 0, offset, 8).align(32).zeros(32);
  }

  RawGguf i8(int value) {
    out.put((byte) value);
    return this;
  }

  RawGguf i16(int value) {
    out.putShort((short) value);
    return this;
  }

  RawGguf i32(int value) {
    out.putInt(value);
    return this;
  }

  RawGguf i64(long value) {
    out.putLong(value);
    return this;
  }

  RawGguf f32(float value) {
    out.putFloat(value);
    return this;
  }

  RawGguf f64(double value) {
    out.putDouble(value);
    return this;
  }

  RawGguf raw(String text) {
    return raw(text.getBytes(StandardCharsets.UTF_8));
  }

  RawGguf raw(byte[] bytes) {
    out.put(bytes);
    return this;
  }

  RawGguf text(String text) {
    return text(text.getBytes(StandardCharsets.UTF_8));
  }

  RawGguf text(byte[] text) {
    return i64(text.length).raw(text);
  }

  RawGguf key(String key, int type) {
    return text(key).i32(type);
  }

  RawGguf array(String key, int element, long count) {
    return key(key, ARRAY).i32(element).i64(count);
  }

  /** Dimensions innermost first, as in the file. */
  RawGguf tensor(String name, int type, long offset, long... dimensions) {
    text(name).i32(dimensions.length);
    for (long dimension : dimensions) {
      i64(dimension);
    }
    return i32(type).i64(offset);
  }

  RawGguf align(int alignment) {
    while (out.position() % alignment != 0) {
      out.put((byte) 0);
    }
    return this;
  }

  RawGguf zeros(int count) {
    return raw(new byte[count]);
  }

  byte[] bytes() {
    return Arrays.copyOf(out.array(), out.position());
  }

  Path in(Path folder) {
    return write(folder.resolve("made.gguf"), bytes());
  }

  static Path write(Path file, byte[] bytes) {
    try {
      return Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
