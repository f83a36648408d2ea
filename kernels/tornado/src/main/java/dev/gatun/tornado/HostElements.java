package dev.gatun.tornado;

import dev.gatun.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Elements in host memory, as F32. */
final class HostElements {
  private static final int BLOCK = DType.Q8_0.blockSize();
  private static final int BLOCK_BYTES = DType.Q8_0.blockBytes();

  private HostElements() {}

  /** Whether {@link #read} knows a type. */
  static boolean knows(DType dtype) {
    return dtype.isFloat() || dtype == DType.F8_E4M3 || dtype == DType.F8_E5M2 || dtype == DType.Q8_0;
  }

  /** Reads as many elements as {@code into} holds. */
  static void read(DType dtype, MemorySegment from, float[] into) {
    for (int i = 0; i < into.length; i++) {
      into[i] = switch (dtype) {
        case F32 -> from.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i);
        case F16 -> Float.float16ToFloat(from.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i));
        case BF16 -> Float.intBitsToFloat(from.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i) << 16);
        // Five exponent bits: the upper half of an F16.
        case F8_E5M2 -> Float.float16ToFloat((short) (from.get(ValueLayout.JAVA_BYTE, i) << 8));
        case F8_E4M3 -> e4m3(from.get(ValueLayout.JAVA_BYTE, i));
        case Q8_0 -> {
          long block = (long) i / BLOCK * BLOCK_BYTES;
          float scale = Float.float16ToFloat(from.get(ValueLayout.JAVA_SHORT_UNALIGNED, block));
          yield scale * from.get(ValueLayout.JAVA_BYTE, block + Short.BYTES + i % BLOCK);
        }
        default -> throw new IllegalStateException(dtype + " is not read on the host");
      };
    }
  }

  /** OCP FP8: bias 7, no infinities, NaN with all bits below the sign set. */
  private static float e4m3(byte bits) {
    int exponent = bits >> 3 & 0xF;
    int mantissa = bits & 7;
    float magnitude = (bits & 0x7F) == 0x7F ? Float.NaN : exponent == 0 ? mantissa * 0x1p-9f : (8 + mantissa) * Math.scalb(1f, exponent - 10);
    return bits < 0 ? -magnitude : magnitude;
  }
}
