package dev.gatun.tck.lab;

import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.Shape;
import dev.gatun.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Host memory for the tensors of a case, each in an area of its own with a guard band on both sides. All of it is poison first: NaN in every float type and
 * negative in every integer type, so that a stray read shows. Each area has its own, or what a stray read brings to a stray write would be what lies there
 * already, since arithmetic keeps the bits of a NaN.
 */
final class Memory implements AutoCloseable {
  /** The index of no area. */
  static final int NONE = -1;

  /** More than one vector or one transaction of any device. */
  static final int GUARD = 256;

  /** Areas above this size are remembered by a sum alone. */
  private static final long MOST_COPIED = 64L << 20;

  private static final int POISON = 0xFF;
  private static final int KINDS = 0x7F;
  private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED;

  /** An area, and what is in it before a run. */
  private static final class Area {
    final Buffer buffer;
    final MemorySegment bytes;
    Tensor whole;
    MemorySegment copy = MemorySegment.NULL;
    long sum;
    boolean written;

    Area(MemorySegment bytes) {
      this.bytes = bytes;
      this.buffer = Buffer.ofHost(bytes);
    }
  }

  private final Arena arena = Arena.ofShared();
  private final List<Area> areas = new ArrayList<>();
  private final Map<Buffer, Integer> indices = new IdentityHashMap<>();

  /** A poisoned tensor. */
  Tensor place(DType dtype, Placement placement, long... shape) {
    int block = dtype.blockSize();
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride = stride * Math.max(1, shape[i]) + (i > 0 ? (long) placement.gap() * block : 0);
    }
    long shift = (long) placement.shift() * dtype.blockBytes();
    long bytes = 2 * GUARD + shift + dtype.bytes(stride + (block - stride % block) % block);
    Area area = new Area(arena.allocate(bytes, 64));
    poison(areas.size(), area.bytes, 0, bytes);
    indices.put(area.buffer, areas.size());
    areas.add(area);
    area.whole = Tensor.of(area.buffer, GUARD + shift, dtype, Shape.of(shape), strides);
    return area.whole;
  }

  /** The tensor that an area was made for, of which {@code view} may be a part. */
  Tensor whole(Tensor view) {
    return areas.get(indices.get(view.buffer())).whole;
  }

  /** The high byte of an element of 16 bits, and every other byte of a wider one, tells that it is NaN; the others tell the areas apart. */
  private static byte poison(int area, long at) {
    return (byte) (at % 2 == 1 ? POISON : POISON - area % KINDS);
  }

  private static void poison(int area, MemorySegment bytes, long from, long to) {
    long at = from;
    for (; at < to && at % Long.BYTES != 0; at++) {
      bytes.set(ValueLayout.JAVA_BYTE, at, poison(area, at));
    }
    long word = word(area);
    for (; at + Long.BYTES <= to; at += Long.BYTES) {
      bytes.set(WORD, at, word);
    }
    for (; at < to; at++) {
      bytes.set(ValueLayout.JAVA_BYTE, at, poison(area, at));
    }
  }

  /** Eight bytes of poison from an aligned place on. */
  private static long word(int area) {
    long word = 0;
    for (int i = Long.BYTES - 1; i >= 0; i--) {
      word = word << Byte.SIZE | Byte.toUnsignedLong(poison(area, i));
    }
    return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? word : Long.reverseBytes(word);
  }

  /** A sum of all bytes of a tensor's area, guards included. */
  long sum(Tensor tensor) {
    return sum(areas.get(indices.get(tensor.buffer())).bytes);
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

  /** Remembers every area as it is now; those that {@code outputs} lie in are the ones a run may write. */
  void remember(List<Tensor> outputs) {
    outputs.forEach(output -> areas.get(indices.get(output.buffer())).written = true);
    for (Area area : areas) {
      if (area.written || area.bytes.byteSize() <= MOST_COPIED) {
        if (area.copy.byteSize() == 0) {
          area.copy = arena.allocate(area.bytes.byteSize(), 64);
        }
        area.copy.copyFrom(area.bytes);
      } else {
        area.sum = sum(area.bytes);
      }
    }
  }

  /** The written areas as they were remembered. */
  void restore() {
    areas.stream().filter(area -> area.written).forEach(area -> area.bytes.copyFrom(area.copy));
  }

  /** Poisons the first {@code rows} indices of a tensor's dimension 0. */
  void poison(Tensor tensor, int rows) {
    int index = indices.get(tensor.buffer());
    Runs.of(tensor, rows, (from, to) -> poison(index, areas.get(index).bytes, from, to));
  }

  /** A byte, from the tensor's start on, at which eight of the first {@code rows} indices of dimension 0 are still poison; −1 if there is none. */
  long unwritten(Tensor tensor, int rows) {
    int index = indices.get(tensor.buffer());
    MemorySegment bytes = areas.get(index).bytes;
    long poison = word(index);
    long[] found = {-1};
    Runs.of(tensor, rows, (from, to) -> {
      for (long at = Math.ceilDiv(from, Long.BYTES) * Long.BYTES; found[0] < 0 && at + Long.BYTES <= to; at += Long.BYTES) {
        if (bytes.get(WORD, at) == poison) {
          found[0] = at - tensor.offset();
        }
      }
    });
    return found[0];
  }

  /** The bytes of the first {@code rows} indices of a tensor's dimension 0, one run after the other. */
  MemorySegment bits(Tensor tensor, int rows) {
    MemorySegment bytes = areas.get(indices.get(tensor.buffer())).bytes;
    long[] size = {0};
    Runs.of(tensor, rows, (from, to) -> size[0] += to - from);
    MemorySegment bits = MemorySegment.ofArray(new byte[Math.toIntExact(size[0])]);
    size[0] = 0;
    Runs.of(tensor, rows, (from, to) -> {
      MemorySegment.copy(bytes, from, bits, size[0], to - from);
      size[0] += to - from;
    });
    return bits;
  }

  /** What of a tensor's area a run may write. */
  record Written(Tensor tensor, int rows) {}

  /** A byte that is not as it was remembered and lies outside what was to be written: its area and offset, if there is one. */
  Optional<long[]> stray(List<Written> written) {
    for (int i = 0; i < areas.size(); i++) {
      Area area = areas.get(i);
      if (area.copy.byteSize() == 0) {
        if (sum(area.bytes) != area.sum) {
          return Optional.of(new long[] {i, -1});
        }
        continue;
      }
      MemorySegment now = area.bytes;
      if (area.written) {
        now = MemorySegment.ofArray(new byte[Math.toIntExact(area.bytes.byteSize())]).copyFrom(area.bytes);
        MemorySegment seen = now;
        for (Written one : written) {
          if (one.tensor.buffer() == area.buffer) {
            Runs.of(one.tensor, one.rows, (from, to) -> MemorySegment.copy(area.copy, from, seen, from, to - from));
          }
        }
      }
      long at = now.mismatch(area.copy);
      if (at >= 0) {
        return Optional.of(new long[] {i, at});
      }
    }
    return Optional.empty();
  }

  /** Changes with every bit and with their order. Four sums side by side, since each step waits for the one before it. */
  private static long sum(MemorySegment bytes) {
    long a = bytes.byteSize();
    long b = 1;
    long c = 2;
    long d = 3;
    long at = 0;
    for (; at + 4 * Long.BYTES <= bytes.byteSize(); at += 4 * Long.BYTES) {
      a = mixed(a, bytes.get(WORD, at));
      b = mixed(b, bytes.get(WORD, at + Long.BYTES));
      c = mixed(c, bytes.get(WORD, at + 2 * Long.BYTES));
      d = mixed(d, bytes.get(WORD, at + 3 * Long.BYTES));
    }
    for (; at < bytes.byteSize(); at++) {
      a = mixed(a, bytes.get(ValueLayout.JAVA_BYTE, at));
    }
    return mixed(mixed(mixed(a, b), c), d);
  }

  private static long mixed(long sum, long word) {
    long mixed = (sum ^ word) * 0x9E3779B97F4A7C15L;
    return mixed ^ mixed >>> 29;
  }

  @Override
  public void close() {
    arena.close();
  }
}
