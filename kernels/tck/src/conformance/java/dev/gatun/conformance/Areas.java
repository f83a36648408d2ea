package dev.gatun.conformance;

import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.Shape;
import dev.gatun.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Host memory for the tensors of a test, each in an area of its own with a guard band on both sides. All of it is poison first: NaN in every
 * float type and negative in every integer type, so that a stray read shows. Each area has its own, or what a stray read brings to a stray
 * write would be what lies there already, since arithmetic keeps the bits of a NaN.
 */
final class Areas {
  /** The index of no area. */
  static final int NONE = -1;

  private static final int GUARD = 64;
  private static final byte POISON = (byte) 0xFF;
  private static final int KINDS = 0x7F;

  private record Area(Buffer buffer, MemorySegment memory) {}

  private final List<Area> areas = new ArrayList<>();
  private final Map<Buffer, Integer> indices = new IdentityHashMap<>();

  Tensor place(DType dtype, Placement placement, long... shape) {
    Arena arena = Arena.ofAuto();
    int block = dtype.blockSize();
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride = stride * Math.max(1, shape[i]) + (i > 0 ? (long) placement.gap() * block : 0);
    }
    long shift = (long) placement.shift() * dtype.blockBytes();
    long bytes = 2 * GUARD + shift + dtype.bytes(stride + (block - stride % block) % block);
    MemorySegment memory = arena.allocate(bytes, 64);
    for (long at = 0; at < bytes; at++) {
      memory.set(ValueLayout.JAVA_BYTE, at, poison(areas.size(), at));
    }
    Buffer buffer = Buffer.ofHost(memory);
    indices.put(buffer, areas.size());
    areas.add(new Area(buffer, memory));
    return Tensor.of(buffer, GUARD + shift, dtype, Shape.of(shape), strides);
  }

  /** The high byte of an element of 16 bits, and every other byte of a wider one, tells that it is NaN; the others tell the areas apart. */
  private static byte poison(int area, long at) {
    return at % 2 == 1 ? POISON : (byte) (POISON - area % KINDS);
  }

  int count() {
    return areas.size();
  }

  Buffer buffer(int area) {
    return areas.get(area).buffer;
  }

  /** Which area a buffer is, or {@link #NONE}. */
  int indexOf(Buffer buffer) {
    return indices.getOrDefault(buffer, NONE);
  }

  /** All bytes of all areas. */
  byte[][] snapshot() {
    return areas.stream().map(area -> area.memory.toArray(ValueLayout.JAVA_BYTE)).toArray(byte[][]::new);
  }

  void restore(byte[][] snapshot) {
    for (int i = 0; i < snapshot.length; i++) {
      MemorySegment.copy(snapshot[i], 0, areas.get(i).memory, ValueLayout.JAVA_BYTE, 0, snapshot[i].length);
    }
  }

  /** Fills the marked bytes with poison again. */
  void poison(BitSet[] marked) {
    for (int i = 0; i < marked.length; i++) {
      MemorySegment memory = areas.get(i).memory;
      int area = i;
      marked[i].stream().forEach(at -> memory.set(ValueLayout.JAVA_BYTE, at, poison(area, at)));
    }
  }

  /** One empty set of byte positions for each area. */
  BitSet[] nothing() {
    return areas.stream().map(area -> new BitSet()).toArray(BitSet[]::new);
  }

  /** Marks the bytes of the first {@code rows} indices of a tensor's dimension 0. */
  void mark(BitSet[] marked, Tensor tensor, int rows) {
    long[] sizes = tensor.shape().sizes();
    sizes[0] = rows;
    markDimension(marked[indices.get(tensor.buffer())], tensor, sizes, 0, 0);
  }

  private void markDimension(BitSet marked, Tensor tensor, long[] sizes, int dimension, long element) {
    boolean last = dimension == sizes.length - 1;
    if (last && (tensor.stride(-1) == 1 || sizes[dimension] <= 1)) {
      if (sizes[dimension] > 0) {
        long at = tensor.offset() + tensor.dtype().bytes(element);
        marked.set((int) at, (int) (at + tensor.dtype().bytes(sizes[dimension])));
      }
      return;
    }
    for (long i = 0; i < sizes[dimension]; i++) {
      long next = element + i * tensor.stride(dimension);
      if (last) {
        long at = tensor.offset() + tensor.dtype().bytes(next);
        marked.set((int) at, (int) (at + tensor.dtype().blockBytes()));
      } else {
        markDimension(marked, tensor, sizes, dimension + 1, next);
      }
    }
  }

  /**
   * Gives every NaN among the first {@code rows} indices of a float tensor the same bits: which of two NaNs arithmetic returns is not promised, not even
   * from one run to the next.
   */
  void alikeNaNs(Tensor tensor, int rows) {
    if (tensor.dtype() != DType.F32 && tensor.dtype() != DType.F16 && tensor.dtype() != DType.BF16) {
      return;
    }
    BitSet[] marked = nothing();
    mark(marked, tensor, rows);
    int area = indices.get(tensor.buffer());
    MemorySegment memory = areas.get(area).memory;
    int width = tensor.dtype().blockBytes();
    for (int at = marked[area].nextSetBit(0); at >= 0; at = marked[area].nextSetBit(at + width)) {
      if (width == Float.BYTES) {
        float value = memory.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at);
        memory.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, Float.isNaN(value) ? Float.NaN : value);
      } else {
        short bits = memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, at);
        int infinite = tensor.dtype() == DType.F16 ? 0x7C00 : 0x7F80;
        memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, (bits & 0x7FFF) > infinite ? (short) 0x7FFF : bits);
      }
    }
  }

  /** The first difference outside the marked bytes, if there is one. */
  String difference(byte[][] before, byte[][] after, BitSet[] marked) {
    for (int i = 0; i < before.length; i++) {
      for (int at = 0; at < before[i].length; at++) {
        if (before[i][at] != after[i][at] && !marked[i].get(at)) {
          return "byte " + at + " of area " + i + " of " + before.length + " (" + before[i].length + " bytes, guards of " + GUARD
              + ") changed";
        }
      }
    }
    return "";
  }
}
