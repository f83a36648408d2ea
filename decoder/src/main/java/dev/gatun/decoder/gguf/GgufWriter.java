package dev.gatun.decoder.gguf;

import static dev.gatun.decoder.gguf.GgufException.quoted;

import dev.gatun.DType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes GGUF version 3, little endian, data aligned to 32 bytes. Collect metadata and tensors, then {@link #write}: tensors' bytes
 * are asked for chunk by chunk, so that a file of many gigabytes needs a few megabytes of memory. Wrong arguments throw
 * {@link IllegalArgumentException}. Not safe to share between threads.
 */
public final class GgufWriter {
  /** What llama.cpp reads: 63 bytes and a terminator. */
  private static final int LONGEST_TENSOR_NAME = 63;

  private static final int VERSION = 3;
  private static final long ALIGNMENT = GgufPart.DEFAULT_ALIGNMENT;
  private static final long LONGEST_ROW = 1L << 30;

  private final Map<String, byte[]> metadata = new LinkedHashMap<>();
  private final List<PlannedTensor> tensors = new ArrayList<>();
  private final Set<String> tensorNames = new HashSet<>();
  private int threads = 1;
  private WriteProgress progress = WriteProgress.NONE;
  private long dataBytes;

  /** A writer of an empty file. */
  public GgufWriter() {}

  /** How many threads fill and write tensors; 1 unless set. */
  public GgufWriter threads(int count) {
    if (count < 1) {
      throw new IllegalArgumentException(count + " threads; at least 1 is needed");
    }
    threads = count;
    return this;
  }

  /** Who hears how far {@link #write} is. */
  public GgufWriter progress(WriteProgress listener) {
    progress = listener;
    return this;
  }

  /**
   * Sets a metadata value; setting a key again replaces it.
   *
   * @param value a {@code Byte}, {@code Short}, {@code Integer} or {@code Long} for the integer types (UINT64 as the bits of a long), a
   *     {@code Number} for the floats, a {@code Boolean}, for STRING a {@code String} or its bytes, for ARRAY a {@link MetadataArray}
   */
  public GgufWriter put(String key, MetadataType type, Object value) {
    return put(key, new HeaderBytes().i32(type.id()).value(type, value).toBytes());
  }

  /** Sets an array; its values are as {@link #put} takes them. */
  public GgufWriter array(String key, MetadataType element, List<?> values) {
    return put(key, new HeaderBytes().i32(MetadataType.ARRAY.id()).array(element, values).toBytes());
  }

  /** Sets a STRING. */
  public GgufWriter string(String key, String value) {
    return put(key, MetadataType.STRING, value);
  }

  /** Sets a UINT32, the usual type of sizes and token ids. */
  public GgufWriter uint32(String key, long value) {
    return put(key, MetadataType.UINT32, value);
  }

  /** Sets a FLOAT32. */
  public GgufWriter float32(String key, double value) {
    return put(key, MetadataType.FLOAT32, value);
  }

  /** Sets a BOOL. */
  public GgufWriter bool(String key, boolean value) {
    return put(key, MetadataType.BOOL, value);
  }

  /** Takes over every value of another file, except its alignment and what says how it was split. */
  public GgufWriter copy(Metadata source) {
    source.encoded().forEach((key, bytes) -> {
      if (!key.equals(GgufPart.ALIGNMENT_KEY) && !key.startsWith("split.")) {
        put(key, bytes);
      }
    });
    return this;
  }

  /** Takes away every value set before whose key begins with {@code prefix}. */
  public GgufWriter removeAll(String prefix) {
    metadata.keySet().removeIf(key -> key.startsWith(prefix));
    return this;
  }

  /**
   * Adds a tensor behind those added before.
   *
   * @param shape outermost dimension first, one to four of them, a row a multiple of the type's block size
   */
  public GgufWriter tensor(String name, DType dtype, long[] shape, TensorSource source) {
    String what = "tensor " + quoted(name);
    GgufType type = GgufType.of(dtype).orElseThrow(() -> new IllegalArgumentException(what + ": GGUF has no type " + dtype));
    if (name.getBytes(StandardCharsets.UTF_8).length > LONGEST_TENSOR_NAME) {
      throw new IllegalArgumentException(what + ": the name is longer than " + LONGEST_TENSOR_NAME + " bytes");
    }
    if (shape.length < 1 || shape.length > TensorIndex.MOST_DIMENSIONS || Arrays.stream(shape).anyMatch(d -> d < 1)) {
      throw new IllegalArgumentException(what + ": shape " + Arrays.toString(shape) + " is not one to four positive dimensions");
    }
    long rowBytes = dtype.bytes(shape[shape.length - 1]);
    if (rowBytes > LONGEST_ROW) {
      throw new IllegalArgumentException(what + ": a row of " + rowBytes + " bytes is longer than " + LONGEST_ROW);
    }
    long bytes = rowBytes;
    for (int d = 0; d < shape.length - 1; d++) {
      bytes = Math.multiplyExact(bytes, shape[d]);
    }
    if (!tensorNames.add(name)) {
      throw new IllegalArgumentException(what + " is there already");
    }
    tensors.add(new PlannedTensor(name, type, shape.clone(), rowBytes, bytes, dataBytes, source));
    dataBytes = Math.addExact(dataBytes, aligned(bytes));
    return this;
  }

  /** How many bytes {@link #write} will write. */
  public long fileBytes() {
    return header().length + dataBytes;
  }

  /**
   * Writes the file. It appears under its name only when it is complete: until then it grows under a temporary name in the same folder,
   * which is removed when anything fails. A file already there is replaced.
   *
   * @throws GgufException if there is too little space, or the folder or file can't be written
   */
  public void write(Path file) {
    new GgufOutput(file, header(), tensors, dataBytes, progress).write(threads);
  }

  /**
   * The model that {@link #write} would write, without its file: its tensors' bytes are had from their sources, by {@link Gguf#source}.
   *
   * @param name what messages call it
   */
  public Gguf described(Path name) {
    Map<String, TensorSource> sources = new LinkedHashMap<>();
    tensors.forEach(tensor -> sources.put(tensor.name(), tensor.source()));
    return Gguf.described(name, header(), fileBytes(), sources);
  }

  private GgufWriter put(String key, byte[] typeAndValue) {
    if (key.isEmpty() || key.getBytes(StandardCharsets.UTF_8).length > MetadataReader.LONGEST_KEY) {
      throw new IllegalArgumentException("metadata key " + quoted(key) + " is empty or too long");
    }
    if (key.equals(GgufPart.ALIGNMENT_KEY)) {
      throw new IllegalArgumentException(key + " is the writer's choice: " + ALIGNMENT);
    }
    metadata.put(key, typeAndValue);
    return this;
  }

  private byte[] header() {
    HeaderBytes out = new HeaderBytes().i32(GgufPart.MAGIC).i32(VERSION).i64(tensors.size()).i64(metadata.size());
    metadata.forEach((key, typeAndValue) -> out.text(key).raw(typeAndValue));
    for (PlannedTensor tensor : tensors) {
      out.text(tensor.name()).i32(tensor.shape().length);
      for (int d = tensor.shape().length - 1; d >= 0; d--) {
        out.i64(tensor.shape()[d]);
      }
      out.i32(tensor.type().id()).i64(tensor.offset());
    }
    byte[] header = out.toBytes();
    return Arrays.copyOf(header, Math.toIntExact(aligned(header.length)));
  }

  private static long aligned(long bytes) {
    return Math.addExact(bytes, ALIGNMENT - 1) & -ALIGNMENT;
  }
}
