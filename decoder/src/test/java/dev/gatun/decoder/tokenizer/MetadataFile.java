package dev.gatun.decoder.tokenizer;

import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.Metadata;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes GGUF version 3 files that hold metadata alone, and reads them back. */
public final class MetadataFile {
  private final Map<String, byte[]> entries = new LinkedHashMap<>();

  /** A file without keys. */
  public MetadataFile() {}

  /** Sets a key to a string, an int (UINT32), a truth value or an array of ints, floats or strings. */
  public MetadataFile put(String key, Object value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    writeValue(out, value);
    entries.put(key, out.toByteArray());
    return this;
  }

  /** Takes a key away. */
  public MetadataFile remove(String key) {
    entries.remove(key);
    return this;
  }

  /** An independent copy. */
  public MetadataFile copy() {
    MetadataFile copy = new MetadataFile();
    copy.entries.putAll(entries);
    return copy;
  }

  /** The keys, in order. */
  public List<String> keys() {
    return new ArrayList<>(entries.keySet());
  }

  /** What the reader makes of the file. */
  public Metadata read() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    writeInt(out, 3);
    writeLong(out, 0);
    writeLong(out, entries.size());
    entries.forEach((key, value) -> {
      writeString(out, key.getBytes(StandardCharsets.UTF_8));
      out.writeBytes(value);
    });
    while (out.size() % 32 != 0) {
      out.write(0);
    }
    try {
      Path file = Files.createTempFile("vocabulary", ".gguf");
      try {
        Files.write(file, out.toByteArray());
        try (Gguf gguf = Gguf.open(file)) {
          return gguf.metadata();
        }
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void writeValue(ByteArrayOutputStream out, Object value) {
    switch (value) {
      case String s -> {
        writeInt(out, 8);
        writeString(out, s.getBytes(StandardCharsets.UTF_8));
      }
      case Integer i -> {
        writeInt(out, 4);
        writeInt(out, i);
      }
      case Boolean b -> {
        writeInt(out, 7);
        out.write(b ? 1 : 0);
      }
      case int[] ints -> {
        writeArray(out, 5, ints.length);
        for (int i : ints) {
          writeInt(out, i);
        }
      }
      case float[] floats -> {
        writeArray(out, 6, floats.length);
        for (float f : floats) {
          writeInt(out, Float.floatToRawIntBits(f));
        }
      }
      case String[] strings -> {
        writeArray(out, 8, strings.length);
        for (String s : strings) {
          writeString(out, s.getBytes(StandardCharsets.UTF_8));
        }
      }
      default -> throw new IllegalArgumentException(value.getClass().toString());
    }
  }

  private static void writeArray(ByteArrayOutputStream out, int type, int length) {
    writeInt(out, 9);
    writeInt(out, type);
    writeLong(out, length);
  }

  private static void writeString(ByteArrayOutputStream out, byte[] bytes) {
    writeLong(out, bytes.length);
    out.writeBytes(bytes);
  }

  private static void writeInt(ByteArrayOutputStream out, int value) {
    out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
  }

  private static void writeLong(ByteArrayOutputStream out, long value) {
    out.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
  }
}
