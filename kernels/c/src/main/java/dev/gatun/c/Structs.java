package dev.gatun.c;

import dev.gatun.BackendOptions;
import dev.gatun.KvCache;
import dev.gatun.Rotation;
import dev.gatun.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The structs of {@code gatun_backend.h}: where their fields lie, and how they are filled in. */
final class Structs {
  static final StructLayout OPTION = MemoryLayout.structLayout(longs("name", "value"));
  static final StructLayout TENSOR = MemoryLayout.structLayout(join(longs("data", "count"), new MemoryLayout[] {
      MemoryLayout.sequenceLayout(4, ValueLayout.JAVA_LONG).withName("size"),
      MemoryLayout.sequenceLayout(4, ValueLayout.JAVA_LONG).withName("stride")},
      ints("dtype", "rank", "varies", "reserved")));
  static final StructLayout BATCH = MemoryLayout.structLayout(TENSOR.withName("starts"), TENSOR.withName("slots"),
      TENSOR.withName("positions"));
  static final StructLayout KEYS = MemoryLayout.structLayout(TENSOR.withName("k"), TENSOR.withName("v"), TENSOR.withName("starts"));
  static final StructLayout CACHE = MemoryLayout.structLayout(join(
      longs("pages", "table", "key_bytes", "value_bytes", "head_bytes", "page_bytes", "layer_bytes"),
      ints("dtype", "layers", "heads", "key_size", "value_size", "page_tokens", "pages_count", "slots", "slot_tokens", "slot_pages",
          "layer", "reserved")));
  static final StructLayout ROTATION = MemoryLayout.structLayout(join(longs("frequencies"),
      doubles("amplitude", "base", "magnitude", "factor", "low_factor", "high_factor", "attention_factor", "beta_fast", "beta_slow"),
          longs("context"),
      ints("pairs", "dims", "scaling", "reserved")));
  static final StructLayout PROPERTIES = MemoryLayout.structLayout(join(
      new MemoryLayout[] {chars(128, "name"), chars(32, "kind"), chars(1024, "facts")}, longs("memory_bytes"),
      ints("units", "alignment", "host_memory", "reserved")));

  /** Every struct under its name in the header. */
  static final Map<String, StructLayout> ALL = Map.of("gatun_option", OPTION, "gatun_tensor", TENSOR, "gatun_batch", BATCH, "gatun_keys",
      KEYS, "gatun_cache", CACHE, "gatun_rotation", ROTATION, "gatun_properties", PROPERTIES);

  private static final int MOST_DIMENSIONS = 4;

  private Structs() {}

  private static MemoryLayout[] longs(String... names) {
    return named(ValueLayout.JAVA_LONG, names);
  }

  private static MemoryLayout[] doubles(String... names) {
    return named(ValueLayout.JAVA_DOUBLE, names);
  }

  private static MemoryLayout[] ints(String... names) {
    return named(ValueLayout.JAVA_INT, names);
  }

  private static MemoryLayout[] named(ValueLayout layout, String... names) {
    return Arrays.stream(names).map(layout::withName).toArray(MemoryLayout[]::new);
  }

  private static MemoryLayout chars(int size, String name) {
    return MemoryLayout.sequenceLayout(size, ValueLayout.JAVA_BYTE).withName(name);
  }

  private static MemoryLayout[] join(MemoryLayout[]... parts) {
    return Arrays.stream(parts).flatMap(Stream::of).toArray(MemoryLayout[]::new);
  }

  /** The options; a null pointer where there are none. */
  static MemorySegment options(BackendOptions options, Arena arena) {
    if (options.values().isEmpty()) {
      return MemorySegment.NULL;
    }
    MemorySegment array = arena.allocate(MemoryLayout.sequenceLayout(options.values().size(), OPTION));
    long at = 0;
    for (Map.Entry<String, String> option : options.values().entrySet()) {
      array.set(ValueLayout.JAVA_LONG, at, arena.allocateFrom(option.getKey()).address());
      array.set(ValueLayout.JAVA_LONG, at + Long.BYTES, arena.allocateFrom(option.getValue()).address());
      at += OPTION.byteSize();
    }
    return array;
  }

  /** A tensor that varies with {@code count}. */
  static void tensor(MemorySegment into, Tensor tensor, Optional<Tensor> count, Places places) {
    set(into, TENSOR, "data", places.address(tensor));
    set(into, TENSOR, "count", count.map(places::address).orElse(0L));
    long sizes = TENSOR.byteOffset(PathElement.groupElement("size"));
    long strides = TENSOR.byteOffset(PathElement.groupElement("stride"));
    int rank = tensor.shape().rank();
    for (int i = 0; i < MOST_DIMENSIONS; i++) {
      into.set(ValueLayout.JAVA_LONG, sizes + (long) Long.BYTES * i, i < rank ? tensor.size(i) : 1);
      into.set(ValueLayout.JAVA_LONG, strides + (long) Long.BYTES * i, i < rank ? tensor.stride(i) : 0);
    }
    set(into, TENSOR, "dtype", tensor.dtype().ordinal());
    set(into, TENSOR, "rank", rank);
    set(into, TENSOR, "varies", count.isPresent() ? 1 : 0);
  }

  /** A cache of which a launch is about one layer. */
  static MemorySegment cache(KvCache.Spec spec, int layer, long pagesAddress, long tableAddress, SegmentAllocator allocator) {
    MemorySegment into = allocator.allocate(CACHE);
    PageLayout pages = PageLayout.of(spec);
    set(into, CACHE, "pages", pagesAddress);
    set(into, CACHE, "table", tableAddress);
    set(into, CACHE, "key_bytes", pages.keyBytes());
    set(into, CACHE, "value_bytes", pages.valueBytes());
    set(into, CACHE, "head_bytes", pages.headBytes());
    set(into, CACHE, "page_bytes", pages.pageBytes());
    set(into, CACHE, "layer_bytes", pages.layerBytes());
    set(into, CACHE, "dtype", spec.dtype().ordinal());
    set(into, CACHE, "layers", spec.layers());
    set(into, CACHE, "heads", spec.heads());
    set(into, CACHE, "key_size", spec.keySize());
    set(into, CACHE, "value_size", spec.valueSize());
    set(into, CACHE, "page_tokens", spec.pageTokens());
    set(into, CACHE, "pages_count", spec.pages());
    set(into, CACHE, "slots", spec.slots());
    set(into, CACHE, "slot_tokens", spec.slotTokens());
    set(into, CACHE, "slot_pages", spec.slotPages());
    set(into, CACHE, "layer", layer);
    return into;
  }

  /** A rotation, with its frequencies beside it. */
  static MemorySegment rotation(Rotation rotation, SegmentAllocator allocator) {
    MemorySegment into = allocator.allocate(ROTATION);
    set(into, ROTATION, "frequencies", allocator.allocateFrom(ValueLayout.JAVA_DOUBLE, rotation.frequencies()).address());
    set(into, ROTATION, "amplitude", rotation.amplitude());
    set(into, ROTATION, "base", rotation.base());
    set(into, ROTATION, "magnitude", rotation.magnitude());
    set(into, ROTATION, "pairs", rotation.pairs() == Rotation.Pairs.INTERLEAVED ? 0 : 1);
    set(into, ROTATION, "dims", rotation.dims());
    switch (rotation.scaling()) {
      case Rotation.Scaling.None _ -> set(into, ROTATION, "scaling", 0);
      case Rotation.Scaling.Linear linear -> {
        set(into, ROTATION, "scaling", 1);
        set(into, ROTATION, "factor", linear.factor());
      }
      case Rotation.Scaling.Llama3 llama -> {
        set(into, ROTATION, "scaling", 2);
        set(into, ROTATION, "factor", llama.factor());
        set(into, ROTATION, "low_factor", llama.lowFactor());
        set(into, ROTATION, "high_factor", llama.highFactor());
        set(into, ROTATION, "context", llama.context());
      }
      case Rotation.Scaling.Yarn yarn -> {
        set(into, ROTATION, "scaling", 3);
        set(into, ROTATION, "factor", yarn.factor());
        set(into, ROTATION, "attention_factor", yarn.attentionFactor());
        set(into, ROTATION, "beta_fast", yarn.betaFast());
        set(into, ROTATION, "beta_slow", yarn.betaSlow());
        set(into, ROTATION, "context", yarn.context());
      }
    }
    return into;
  }

  private static void set(MemorySegment into, StructLayout layout, String field, long value) {
    into.set(ValueLayout.JAVA_LONG, layout.byteOffset(PathElement.groupElement(field)), value);
  }

  private static void set(MemorySegment into, StructLayout layout, String field, double value) {
    into.set(ValueLayout.JAVA_DOUBLE, layout.byteOffset(PathElement.groupElement(field)), value);
  }

  private static void set(MemorySegment into, StructLayout layout, String field, int value) {
    into.set(ValueLayout.JAVA_INT, layout.byteOffset(PathElement.groupElement(field)), value);
  }

  /** An int of a struct. */
  static int integer(MemorySegment struct, StructLayout layout, String field) {
    return struct.get(ValueLayout.JAVA_INT, layout.byteOffset(PathElement.groupElement(field)));
  }

  /** A 64-bit integer of a struct. */
  static long wide(MemorySegment struct, StructLayout layout, String field) {
    return struct.get(ValueLayout.JAVA_LONG, layout.byteOffset(PathElement.groupElement(field)));
  }

  /** The text in a struct. */
  static String text(MemorySegment struct, StructLayout layout, String field) {
    PathElement element = PathElement.groupElement(field);
    return text(struct.asSlice(layout.byteOffset(element), layout.select(element).byteSize()));
  }

  /** The text in a buffer, up to its NUL or its end. */
  static String text(MemorySegment buffer) {
    int length = 0;
    while (length < buffer.byteSize() && buffer.get(ValueLayout.JAVA_BYTE, length) != 0) {
      length++;
    }
    return new String(buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
  }
}
