package dev.gatun.tck.oracle;

import dev.gatun.DType;
import dev.gatun.ShapeException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

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

  /**
   * Writes {@code values} as elements of {@code type}.
   *
   * <p>F32, F16, BF16, F8_E4M3 and F8_E5M2 take the nearest value, ties to even, straight from float64. Beyond the largest value F8_E4M3
   * saturates to ±448 (an infinity too, for it has none); the others give an infinity as IEEE 754 does. NaN stays NaN. I8 and I32 take the
   * nearest integer, ties to even, saturated; NaN is 0.
   *
   * <p>Q8_0, Q4_0, Q4_1, Q5_0 and Q5_1 give the bytes of llama.cpp's reference rounding, which computes in float32, each operation rounded:
   * values are first rounded to F32. The other block types get a plain choice of scales, valid but not llama.cpp's search. A block that
   * holds NaN or an infinity gets {@code d} = NaN, so that it is seen; MXFP4, which has no NaN, is refused there.
   *
   * @param byteOffset where the first element, or its block, starts; needs no alignment
   * @throws ShapeException if the values are no whole number of blocks, reach past the segment's end, or have no representation
   */
  public static void encode(DType type, double[] values, MemorySegment out, long byteOffset) {
    checkRange(type, out, byteOffset, values.length);
    for (int i = 0; i < values.length; i += type.blockSize()) {
      long at = byteOffset + (long) (i / type.blockSize()) * type.blockBytes();
      if (type.isBlock()) {
        out.asSlice(at, type.blockBytes()).fill((byte) 0);
        BlockEncoding.block(type, Arrays.copyOfRange(values, i, i + type.blockSize()), out, at);
      } else {
        putScalar(type, values[i], out, at);
      }
    }
  }

  /** {@code values} as elements of {@code type}, in a fresh heap segment of exactly their bytes. */
  public static MemorySegment encoded(DType type, double... values) {
    MemorySegment out = MemorySegment.ofArray(new byte[Math.toIntExact(type.bytes(values.length))]);
    encode(type, values, out, 0);
    return out;
  }

  /** What {@code values} become when they are stored as {@code type} and read back. */
  public static double[] rounded(DType type, double... values) {
    return decode(type, encoded(type, values), 0, values.length);
  }

  private static void putScalar(DType type, double value, MemorySegment out, long at) {
    switch (type) {
      case F32 -> out.set(Bits.INT, at, Float.floatToIntBits((float) value));
      case I32 -> out.set(Bits.INT, at, (int) Math.rint(value));
      case I8 -> Bits.put8(out, at, (int) Math.rint(Math.clamp(value, -128.0, 127.0)));
      case F16 -> Bits.put16(out, at, MiniFloat.F16.encode(value));
      case BF16 -> Bits.put16(out, at, MiniFloat.BF16.encode(value));
      case F8_E4M3 -> Bits.put8(out, at, MiniFloat.F8_E4M3.encode(value));
      case F8_E5M2 -> Bits.put8(out, at, MiniFloat.F8_E5M2.encode(value));
      default -> throw new IllegalArgumentException(type + " is no scalar type");
    }
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
