package dev.gatun.tck.example;

import dev.gatun.DType;
import dev.gatun.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A tensor at its place in memory, element by element. An element's index counts elements from the tensor's first, gaps included:
 * {@link #row} gives that of a row's first. Nothing is checked, as on hardware.
 */
final class Values {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

  private final MemorySegment memory;
  private final long first;
  private final DType dtype;
  private final long[] sizes;
  private final long[] strides;
  private final Defect defect;

  private Values(MemorySegment memory, long first, DType dtype, long[] sizes, long[] strides, Defect defect) {
    this.memory = memory;
    this.first = first;
    this.dtype = dtype;
    this.sizes = sizes;
    this.strides = strides;
    this.defect = defect;
  }

  /** The elements of {@code tensor}, whose storage starts at byte {@code base} of {@code memory}. */
  static Values of(Tensor tensor, MemorySegment memory, long base, Defect defect) {
    return new Values(memory, base + tensor.offset(), tensor.dtype(), tensor.shape().sizes(), tensor.strides(), defect);
  }

  /** {@code n} consecutive elements from byte {@code first} of {@code memory} on. */
  static Values vector(MemorySegment memory, long first, DType dtype, long n) {
    return new Values(memory, first, dtype, new long[] {n}, new long[] {1}, Defect.NONE);
  }

  /** These elements as though the rows followed each other without gaps. */
  Values withoutGaps() {
    long[] packed = strides.clone();
    for (int i = packed.length - 2; i >= 0; i--) {
      packed[i] = packed[i + 1] * sizes[i + 1];
    }
    return new Values(memory, first, dtype, sizes, packed, defect);
  }

  /** These elements from an address that is a multiple of {@code alignment}. */
  Values alignedDown(int alignment) {
    return new Values(memory, first - Math.floorMod(memory.address() + first, alignment), dtype, sizes, strides, defect);
  }

  DType dtype() {
    return dtype;
  }

  int rank() {
    return sizes.length;
  }

  int size(int i) {
    return (int) sizes[i];
  }

  long stride(int i) {
    return strides[i];
  }

  /** The length of a row. */
  int length() {
    return (int) sizes[sizes.length - 1];
  }

  /** Rows in one index of dimension 0. */
  long middle() {
    return Arrays.stream(sizes, 1, Math.max(1, sizes.length - 1)).reduce(1, (a, b) -> a * b);
  }

  /** The index of the first element of row {@code r}, counted over all dimensions but the last. */
  long row(long r) {
    long index = 0;
    long rest = r;
    for (int i = sizes.length - 2; i >= 0; i--) {
      index += rest % sizes[i] * strides[i];
      rest /= sizes[i];
    }
    return index;
  }

  /** The byte at which an element of a scalar type lies. */
  long at(long index) {
    return first + index * dtype.blockBytes();
  }

  float get(long index) {
    return switch (dtype) {
      case F32 -> memory.get(FLOAT, at(index));
      case F16 -> Float.float16ToFloat(memory.get(SHORT, at(index)));
      case BF16 -> Numbers.bf16(memory.get(SHORT, at(index)));
      case F8_E4M3 -> Numbers.e4m3(memory.get(BYTE, at(index)));
      case F8_E5M2 -> Numbers.e5m2(memory.get(BYTE, at(index)));
      case Q8_0 -> q8(block(index), (int) (index % Blocks.SIZE));
      case Q4_0 -> q4(block(index), (int) (index % Blocks.SIZE));
      default -> throw new IllegalStateException("no elements of " + dtype + " are read here");
    };
  }

  private float q8(long block, int i) {
    return Float.float16ToFloat(memory.get(SHORT, block)) * memory.get(BYTE, block + 2 + i);
  }

  private float q4(long block, int i) {
    int half = Blocks.SIZE / 2;
    boolean pairs = defect == Defect.Q4_0_NIBBLES_IN_PAIRS;
    byte two = memory.get(BYTE, block + 2 + (pairs ? i / 2 : i % half));
    boolean high = pairs ? i % 2 == 1 : i >= half;
    float scale = defect == Defect.Q4_0_SCALE_FORGOTTEN ? 1 : Float.float16ToFloat(memory.get(SHORT, block));
    return scale * ((high ? two >> 4 & 15 : two & 15) - 8);
  }

  /** Rounds to the dtype. */
  void set(long index, float value) {
    switch (dtype) {
      case F32 -> memory.set(FLOAT, at(index), value);
      case F16 -> memory.set(SHORT, at(index), Float.floatToFloat16(value));
      case BF16 -> memory.set(SHORT, at(index), Numbers.toBf16(value));
      case F8_E4M3 -> memory.set(BYTE, at(index), Numbers.toE4m3(value));
      case F8_E5M2 -> memory.set(BYTE, at(index), Numbers.toE5m2(value));
      default -> throw new IllegalStateException("no elements of " + dtype + " are written here");
    }
  }

  int integer(long index) {
    return memory.get(INT, at(index));
  }

  void setInteger(long index, int value) {
    memory.set(INT, at(index), value);
  }

  /** Takes over the bits of {@code n} consecutive elements of the same dtype, whole blocks if it is a block type. */
  void move(long index, Values from, long fromIndex, int n) {
    MemorySegment.copy(from.memory, from.block(fromIndex), memory, block(index), dtype.bytes(n));
  }

  /** The byte at which the block lies that an element begins. */
  private long block(long index) {
    return first + index / dtype.blockSize() * dtype.blockBytes();
  }

  /** Rounds 32 elements to the block that {@code index} is the first element of. */
  void setBlock(long index, float[] values) {
    byte[] bytes = switch (dtype) {
      case Q8_0 -> Blocks.toQ8(values, defect == Defect.CODES_TRUNCATED);
      case Q4_0 -> Blocks.toQ4(values);
      default -> throw new IllegalStateException("no blocks of " + dtype + " are written here");
    };
    MemorySegment.copy(bytes, 0, memory, BYTE, block(index), bytes.length);
  }
}
