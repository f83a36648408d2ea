package dev.gatun.decoder.cli;

import dev.gatun.DType;
import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.WriteProgress;
import dev.gatun.decoder.model.ModelShape;
import dev.gatun.decoder.model.SeededModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** A small whole model, and damaged forms of it. */
final class ModelFiles {
  private ModelFiles() {}

  static Path whole(Path folder) {
    Path file = folder.resolve("whole.gguf");
    if (!Files.exists(file)) {
      SeededModel.write(file, ModelShape.of("test").orElseThrow(), DType.F32, 7, WriteProgress.NONE);
    }
    return file;
  }

  static Path with(Path folder, String name, byte[] bytes) {
    try {
      return Files.write(folder.resolve(name), bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] bytes(Path folder) {
    try {
      return Files.readAllBytes(whole(folder));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The model with the first {@code from} in the file overwritten by {@code to}, of the same length. */
  static byte[] renamed(byte[] bytes, String from, String to) {
    byte[] found = from.getBytes(StandardCharsets.UTF_8);
    byte[] wanted = to.getBytes(StandardCharsets.UTF_8);
    if (found.length != wanted.length) {
      throw new IllegalArgumentException(from + " and " + to + " differ in length");
    }
    for (int at = 0; at <= bytes.length - found.length; at++) {
      if (Arrays.equals(bytes, at, at + found.length, found, 0, found.length)) {
        byte[] changed = bytes.clone();
        System.arraycopy(wanted, 0, changed, at, wanted.length);
        return changed;
      }
    }
    throw new IllegalArgumentException(from + " is not in the file");
  }

  /** The model with another number as the value of a 32-bit metadata key. */
  static byte[] withInt(byte[] bytes, String key, int number) {
    byte[] changed = bytes.clone();
    ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putInt(behind(bytes, key) + Integer.BYTES, number);
    return changed;
  }

  /** The position behind a name in the header, where its value's type or its sizes begin. */
  static int behind(byte[] bytes, String name) {
    byte[] wanted = name.getBytes(StandardCharsets.UTF_8);
    for (int at = Long.BYTES; at < bytes.length - wanted.length; at++) {
      if (Arrays.equals(bytes, at, at + wanted.length, wanted, 0, wanted.length)
          && ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(at - Long.BYTES) == wanted.length) {
        return at + wanted.length;
      }
    }
    throw new IllegalArgumentException(name + " is not in the file");
  }

  /** The model with NaN as every element of a tensor. */
  static byte[] poisoned(Path folder, String tensor) {
    byte[] bytes = bytes(folder);
    try (Gguf gguf = Gguf.open(whole(folder))) {
      var entry = gguf.entries().stream().filter(candidate -> candidate.name().equals(tensor)).findFirst().orElseThrow();
      Arrays.fill(bytes, (int) entry.offset(), (int) (entry.offset() + entry.bytes()), (byte) 0xFF);
    }
    return bytes;
  }
}
