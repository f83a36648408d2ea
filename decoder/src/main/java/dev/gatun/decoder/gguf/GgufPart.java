package dev.gatun.decoder.gguf;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** One file, mapped, its header read and checked. */
record GgufPart(Path file, int version, MemorySegment bytes, Metadata metadata, List<GgufEntry> entries) {
  static final String ALIGNMENT_KEY = "general.alignment";
  static final int DEFAULT_ALIGNMENT = 32;

  /** "GGUF" read as a little-endian integer. */
  static final int MAGIC = 0x46554747;

  /** Above any page size or cache line a writer could mean. */
  private static final long LARGEST_ALIGNMENT = 1L << 30;

  private static final int MOST_KEYS = 1 << 16;

  static GgufPart open(Path file, int part, Arena arena) {
    MemorySegment bytes = map(file, arena);
    return read(file, part, bytes, bytes.byteSize());
  }

  /** Reads a header that is all there is of a file, or the beginning of it. */
  static GgufPart read(Path file, int part, MemorySegment bytes, long fileBytes) {
    GgufCursor in = new GgufCursor(file, bytes);
    int version = version(in);
    int tensors = (int) in.count("tensors", TensorIndex.LEAST_BYTES, TensorIndex.MOST_TENSORS);
    int keys = (int) in.count("metadata keys", Long.BYTES + Integer.BYTES + 1, MOST_KEYS);
    Metadata metadata = new Metadata(file, new MetadataReader(in).read(keys));
    List<GgufEntry> entries = new TensorIndex(in, part, alignment(in, metadata)).read(tensors, fileBytes);
    return new GgufPart(file, version, bytes, metadata, entries);
  }

  private static MemorySegment map(Path file, Arena arena) {
    // Opening a pipe would wait for a writer, and a device has no end.
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new GgufException(file, Files.isDirectory(file) ? "is a directory, not a GGUF file" : "is no regular file");
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (channel.size() == 0) {
        throw new GgufException(file, "the file is empty");
      }
      return channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
    } catch (NoSuchFileException e) {
      throw new GgufException(file, "no such file", e);
    } catch (AccessDeniedException e) {
      throw new GgufException(file, "can't be read: permission denied", e);
    } catch (IOException e) {
      throw new GgufException(file, "can't be read: " + e.getMessage(), e);
    }
  }

  private static int version(GgufCursor in) {
    int magic = in.i32("the magic number");
    if (magic == Integer.reverseBytes(MAGIC)) {
      throw in.error("is a big-endian GGUF file; only little-endian files are read: convert it");
    }
    if (magic != MAGIC) {
      throw in.error("is no GGUF file: it starts with the bytes " + String.format("%08x", Integer.reverseBytes(magic))
          + " instead of 47475546 ('GGUF')");
    }
    int version = in.i32("the version");
    if (version != 0 && (version & 0xFFFF) == 0) {
      throw in.error("is a big-endian GGUF file (version " + Integer.toUnsignedString(Integer.reverseBytes(version))
          + "); only little-endian files are read: convert it");
    }
    if (version != 2 && version != 3) {
      throw in.error("has GGUF version " + Integer.toUnsignedString(version) + "; versions 2 and 3 are read");
    }
    return version;
  }

  private static long alignment(GgufCursor in, Metadata metadata) {
    long alignment = metadata.integer(ALIGNMENT_KEY).orElse(DEFAULT_ALIGNMENT);
    if (alignment <= 0 || alignment > LARGEST_ALIGNMENT || Long.bitCount(alignment) != 1) {
      throw in.error(ALIGNMENT_KEY + " is " + alignment + "; a power of two is valid");
    }
    return alignment;
  }
}
