package dev.gatun.decoder.gguf;

import static dev.gatun.decoder.gguf.GgufException.quoted;

import dev.gatun.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * An open GGUF model: one file, or all parts of a split one, mapped into memory. It owns the mapping: {@link #close()} ends it, and the
 * tensors' data with it. Safe to share between threads. Files must not be changed while they are mapped.
 */
public final class Gguf implements AutoCloseable {
  private final Path file;
  private final Arena arena;
  private final List<GgufPart> parts;
  private final Map<String, GgufEntry> entries = new LinkedHashMap<>();
  private final Map<String, TensorSource> sources;
  private final long fileBytes;
  private boolean closed;

  private Gguf(Path file, Arena arena, List<GgufPart> parts, Map<String, TensorSource> sources, long fileBytes) {
    this.file = file;
    this.arena = arena;
    this.parts = parts;
    this.sources = Map.copyOf(sources);
    this.fileBytes = fileBytes;
    for (GgufPart part : parts) {
      for (GgufEntry entry : part.entries()) {
        entries.put(entry.name(), entry);
      }
    }
  }

  /**
   * Maps {@code file} and reads its header. Any part of a split model opens all of it. The whole header is checked here: what opens has
   * tensors that lie inside the file, aligned and apart from each other.
   *
   * @throws GgufException with one line naming file and cause, where the file is missing, unreadable, damaged or of another kind
   */
  public static Gguf open(Path file) {
    Arena arena = Arena.ofShared();
    try {
      List<GgufPart> parts = SplitModel.open(file, arena);
      return new Gguf(file, arena, parts, Map.of(), parts.stream().mapToLong(part -> part.bytes().byteSize()).sum());
    } catch (Throwable t) {
      arena.close();
      throw t;
    }
  }

  /** A model that is in no file: what {@link GgufWriter#described} has collected, under a name for messages. */
  static Gguf described(Path name, byte[] header, long fileBytes, Map<String, TensorSource> sources) {
    return new Gguf(name, Arena.ofShared(), List.of(GgufPart.read(name, 0, MemorySegment.ofArray(header), fileBytes)), sources, fileBytes);
  }

  /** Where the bytes of a tensor come from, in a model that is in no file; empty for one that is. */
  public Optional<TensorSource> source(String tensor) {
    return Optional.ofNullable(sources.get(tensor));
  }

  /** The path that was opened. */
  public Path file() {
    return file;
  }

  /** The format's version, 2 or 3. */
  public int version() {
    return parts.getFirst().version();
  }

  /** The size of the file in bytes, also of one that is only described; of all files where the model is split. */
  public long fileBytes() {
    return fileBytes;
  }

  /** The metadata; that of the first part where the model is split. */
  public Metadata metadata() {
    return parts.getFirst().metadata();
  }

  /** The index of all tensors in the file's order, also of those whose type Gatun can't compute with. */
  public List<GgufEntry> entries() {
    return List.copyOf(entries.values());
  }

  /**
   * All tensors in the file's order, each as {@link #tensor} gives it.
   *
   * @throws GgufException if one of them has a type that Gatun neither computes with nor rewrites; {@link #entries()} lists them all the same
   */
  public List<GgufTensor> tensors() {
    List<GgufTensor> tensors = new ArrayList<>(entries.size());
    for (GgufEntry entry : entries.values()) {
      tensors.add(tensor(entry));
    }
    return Collections.unmodifiableList(tensors);
  }

  /**
   * The tensor with this name. One of a type that is {@linkplain GgufType#loadedAs() rewritten} takes new memory at each call, which is freed when nothing
   * refers to it any more; the others lie where the file is mapped.
   *
   * @throws GgufException if it has a type that Gatun neither computes with nor rewrites
   */
  public Optional<GgufTensor> tensor(String name) {
    return Optional.ofNullable(entries.get(name)).map(this::tensor);
  }

  private GgufTensor tensor(GgufEntry entry) {
    DType dtype = loadedAs(entry);
    if (!sources.isEmpty()) {
      return new GgufTensor(entry.name(), dtype, entry.shape().clone(), MemorySegment.NULL);
    }
    MemorySegment data = bytes(entry);
    boolean asItLies = entry.type().dtype().isPresent();
    return new GgufTensor(entry.name(), dtype, entry.shape().clone(), asItLies ? data : GridExpansion.expand(entry.type(), data));
  }

  /**
   * The tensor with this name as far as the header tells: without its data.
   *
   * @throws GgufException if it has a type that Gatun neither computes with nor rewrites
   */
  public Optional<GgufTensor> described(String name) {
    return Optional.ofNullable(entries.get(name))
        .map(entry -> new GgufTensor(entry.name(), loadedAs(entry), entry.shape().clone(), MemorySegment.NULL));
  }

  private synchronized MemorySegment bytes(GgufEntry entry) {
    if (closed) {
      throw new GgufException(file, "is closed; tensor " + quoted(entry.name()) + " can't be reached any more");
    }
    return parts.get(entry.part()).bytes().asSlice(entry.offset(), entry.bytes());
  }

  private DType loadedAs(GgufEntry entry) {
    return entry.type().loadedAs().orElseThrow(() -> new GgufException(parts.get(entry.part()).file(),
        "tensor " + quoted(entry.name()) + " has the type " + entry.type() + ", which Gatun can't compute with; there are " + Arrays.stream(GgufType.values())
            .filter(type -> type.loadedAs().isPresent()).map(GgufType::name).collect(Collectors.joining(", "))));
  }

  /** Unmaps the file. Metadata stays usable; tensor data does not. Closing twice is harmless. */
  @Override
  public synchronized void close() {
    if (!closed) {
      arena.close();
      closed = true;
    }
  }
}
