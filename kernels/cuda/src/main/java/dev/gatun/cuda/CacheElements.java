package dev.gatun.cuda;

import dev.gatun.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Elements of a cache on the host, for looking at it. */
final class CacheElements {
  private static final int BLOCK = DType.Q8_0.blockSize();
  private static final int BLOCK_BYTES = DType.Q8_0.blockBytes();

  private CacheElements() {}

  /** The first elements of a row, as many as {@code into} holds. */
  static void read(DType dtype, MemorySegment row, float[] into) {
    for (int i = 0; i < into.length; i++) {
      into[i] = switch (dtype) {
        case F32 -> row.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
        case F16 -> Float.float16ToFloat(row.getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i));
        case BF16 -> Float.intBitsToFloat(row.getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i) << 16);
        // Five exponent bits: the upper half of an F16.
        case F8_E5M2 -> Float.float16ToFloat((short) (row.get(ValueLayout.JAVA_BYTE, i) << 8));
        case F8_E4M3 -> e4m3(row.get(ValueLayout.JAVA_BYTE, i));
        case Q8_0 -> {
          long block = (long) i / BLOCK * BLOCK_BYTES;
          yield Float.float16ToFloat(row.get(ValueLayout.JAVA_SHORT_UNALIGNED, block)) * row.get(ValueLayout.JAVA_BYTE, block + 2 + i % BLOCK);
        }
        default -> throw new IllegalStateException("a cache of " + dtype);
      };
    }
  }

  /** OCP FP8: bias 7, no infinities, NaN with all bits below the sign set. */
  private static float e4m3(byte bits) {
    int exponent = bits >> 3 & 0xF;
    int mantissa = bits & 7;
    float magnitude = (bits & 0x7F) == 0x7F ? Float.NaN
        : exponent == 0 ? mantissa * 0x1p-9f : (8 + mantissa) * Math.scalb(1f, exponent - 10);
    return bits < 0 ? -magnitude : magnitude;
  }
}
