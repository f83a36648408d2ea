package dev.gatun.cpu.format;

import static dev.gatun.cpu.format.RowConversion.BYTE;
import static dev.gatun.cpu.format.RowConversion.FLOAT;
import static dev.gatun.cpu.format.RowConversion.SHORT;

import dev.gatun.DType;
import dev.gatun.ShapeException;
import java.lang.foreign.MemorySegment;

/**
 * Rows of F32 to one element type. F16, BF16 and the 8-bit floats round to nearest, ties to even (see {@link Half} and {@link Float8} for
 * overflow); Q8_0 and Q4_0 give the bytes of llama.cpp's reference rounding. A block of Q8_0 or Q4_0 that holds NaN or an infinity gets
 * {@code d} = NaN, so that it is seen. Stateless, allocates nothing, and may be shared by threads.
 */
public final class Quantizer {
  private static final short F16_NAN = 0x7E00;

  private final DType type;
  private final RowConversion loop;

  private Quantizer(DType type, RowConversion loop) {
    this.type = type;
    this.loop = loop;
  }

  /**
   * The quantizer to {@code type}: F32 (a copy), F16, BF16, F8_E4M3, F8_E5M2, Q8_0 or Q4_0.
   *
   * @throws ShapeException for any other type
   */
  public static Quantizer of(DType type) {
    return new Quantizer(type, switch (type) {
      case F32 -> (src, from, dst, to, n) -> MemorySegment.copy(src, from, dst, to, 4L * n);
      case F16 -> Quantizer::f16;
      case BF16 -> Quantizer::bf16;
      case F8_E4M3 -> Quantizer::e4m3;
      case F8_E5M2 -> Quantizer::e5m2;
      case Q8_0 -> Quantizer::q8;
      case Q4_0 -> Quantizer::q4;
      default -> throw new ShapeException("quantize: no rounding of F32 to " + type
          + "; the CPU backend has F16, BF16, F8_E4M3, F8_E5M2, Q8_0 and Q4_0");
    });
  }

  /** The type this writes. */
  public DType type() {
    return type;
  }

  /**
   * Writes {@code elements} elements.
   *
   * @param srcOffset byte at which the first F32 value stands; needs no alignment
   * @param dstOffset byte at which the first element, or its block, goes; needs no alignment. Source and destination do not overlap
   * @throws ShapeException if the elements are no whole number of blocks, or either side would pass its segment's end
   */
  public void row(MemorySegment src, long srcOffset, MemorySegment dst, long dstOffset, int elements) {
    RowConversion.check("quantize, source", DType.F32, src, srcOffset, elements);
    RowConversion.check("quantize, destination", type, dst, dstOffset, elements);
    loop.row(src, srcOffset, dst, dstOffset, elements);
  }

  private static void f16(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (int i = 0; i < n; i++) {
      dst.set(SHORT, to + 2L * i, Half.toF16(src.get(FLOAT, from + 4L * i)));
    }
  }

  private static void bf16(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (int i = 0; i < n; i++) {
      dst.set(SHORT, to + 2L * i, Half.toBf16(src.get(FLOAT, from + 4L * i)));
    }
  }

  private static void e4m3(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (int i = 0; i < n; i++) {
      dst.set(BYTE, to + i, Float8.toE4m3(src.get(FLOAT, from + 4L * i)));
    }
  }

  private static void e5m2(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (int i = 0; i < n; i++) {
      dst.set(BYTE, to + i, Float8.toE5m2(src.get(FLOAT, from + 4L * i)));
    }
  }

  private static void q8(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (long x = from, b = to, end = from + 4L * n; x < end; x += 128, b += 34) {
      float largest = 0;
      for (int j = 0; j < 32; j++) {
        // Math.max, unlike a comparison, lets a NaN through.
        largest = Math.max(largest, Math.abs(src.get(FLOAT, x + 4L * j)));
      }
      boolean finite = Float.isFinite(largest);
      float d = largest / 127;
      float inverse = finite ? inverse(d) : 0;
      dst.set(SHORT, b, finite ? Half.toF16(d) : F16_NAN);
      for (int j = 0; j < 32; j++) {
        float scaled = src.get(FLOAT, x + 4L * j) * inverse;
        int whole = (int) scaled;
        // Half away from zero, where adding 0.5 to the number just below 0.5 would round up.
        dst.set(BYTE, b + 2 + j, (byte) (whole + (int) ((scaled - whole) * 2)));
      }
    }
  }

  private static void q4(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (long x = from, b = to, end = from + 4L * n; x < end; x += 128, b += 18) {
      float extreme = 0;
      float sum = 0;
      for (int j = 0; j < 32; j++) {
        float value = src.get(FLOAT, x + 4L * j);
        extreme = Math.abs(value) > Math.abs(extreme) ? value : extreme;
        sum += value * 0;
      }
      // Zero times a value is NaN for NaN and the infinities alone.
      boolean finite = sum == 0;
      float d = extreme / -8;
      float inverse = finite ? inverse(d) : 0;
      dst.set(SHORT, b, finite ? Half.toF16(d) : F16_NAN);
      for (int j = 0; j < 16; j++) {
        int low = Math.min(15, (int) (src.get(FLOAT, x + 4L * j) * inverse + 8.5f));
        int high = Math.min(15, (int) (src.get(FLOAT, x + 64 + 4L * j) * inverse + 8.5f));
        dst.set(BYTE, b + 2 + j, (byte) (low | high << 4));
      }
    }
  }

  /** 1/d, or 0 where that is no finite number: for d = 0, and for a d so small that llama.cpp leaves the result undefined. */
  private static float inverse(float d) {
    float inverse = 1 / d;
    return Float.isFinite(inverse) ? inverse : 0;
  }
}
