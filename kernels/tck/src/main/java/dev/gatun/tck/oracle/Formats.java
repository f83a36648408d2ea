package dev.gatun.tck.oracle;

import dev.gatun.DType;
import dev.gatun.ShapeException;
import java.lang.foreign.MemorySegment;

/**
 * What the bytes of every {@link DType} mean in float64, and reference bytes for given values. The layouts are those of the GGUF format
 * (llama.cpp's {@code ggml-common.h}), read one element at a time.
 */
public final class Formats {
  private Formats() {}

  /**
   * The exact values of {@code elements} consecutive elements.
   *
   * @param byteOffset where the first element, or its block, starts; needs no alignment
   * @throws ShapeException if the elements are no whole number of blocks, more than an array holds, or reach past the segment's end
   */
  public static double[] decode(DType type, MemorySegment data, long byteOffset, long elements) {
    checkRange(type, data, byteOffset, elements);
    double[] values = new double[(int) elements];
    for (int i = 0; i < values.length; i++) {
      long at = byteOffset + (long) (i / type.blockSize()) * type.blockBytes();
      values[i] = type.isBlock() ? BlockDecoding.element(type, data, at, i % type.blockSize()) : scalar(type, data, at);
    }
    return values;
  }

  private static double scalar(DType type, MemorySegment data, long at) {
    return switch (type) {
      case F32 -> Float.intBitsToFloat(data.get(Bits.INT, at));
      case I32 -> data.get(Bits.INT, at);
      case I8 -> Bits.i8(data, at);
      case F16 -> MiniFloat.F16.decode(Bits.u16(data, at));
      case BF16 -> MiniFloat.BF16.decode(Bits.u16(data, at));
      case F8_E4M3 -> MiniFloat.F8_E4M3.decode(Bits.u8(data, at));
      case F8_E5M2 -> MiniFloat.F8_E5M2.decode(Bits.u8(data, at));
      default -> throw new IllegalArgumentException(type + " is no scalar type");
    };
  }

  private static void checkRange(DType type, MemorySegment data, long byteOffset, long elements) {
    long bytes = type.bytes(elements);
    if (elements > Integer.MAX_VALUE - 8) {
      throw new ShapeException(elements + " elements of " + type + " are more than one array holds; take them in parts");
    }
    if (byteOffset < 0 || bytes > data.byteSize() - byteOffset) {
      throw new ShapeException(elements + " elements of " + type + " at byte " + byteOffset + " need " + bytes
          + " bytes, past the end of a segment of " + data.byteSize());
    }
  }
}
