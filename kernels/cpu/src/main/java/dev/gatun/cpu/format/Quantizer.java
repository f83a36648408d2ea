package dev.gatun.cpu.format;

import dev.gatun.DType;
import dev.gatun.ShapeException;
import java.lang.foreign.MemorySegment;

/**
 * Rows of F32 to one element type. F16, BF16 and the 8-bit floats round to nearest, ties to even (see {@link Half} and {@link Float8} for
 * overflow); Q8_0 and Q4_0 give the bytes of llama.cpp's reference rounding. A block of Q8_0 or Q4_0 that holds NaN or an infinity gets
 * {@code d} = NaN, so that it is seen. Stateless, may be shared by threads, and allocates nothing after a thread's
 * first call.
 */
public final class Quantizer {
  private static final short F16_NAN = 0x7E00;

  private final DType type;
  private final Staging.Loop loop;

  private Quantizer(DType type, Staging.Loop loop) {
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
      case F32 -> (s, n) -> { };
      case F16 -> (s, n) -> f16(s.floats, s.shorts, n);
      case BF16 -> (s, n) -> bf16(s.floats, s.shorts, n);
      case F8_E4M3 -> (s, n) -> e4m3(s.floats, s.bytes, n);
      case F8_E5M2 -> (s, n) -> e5m2(s.floats, s.bytes, n);
      case Q8_0 -> (s, n) -> q8(s.floats, s.bytes, n);
      case Q4_0 -> (s, n) -> q4(s.floats, s.bytes, n);
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
    Staging.check("quantize, source", DType.F32, src, srcOffset, elements);
    Staging.check("quantize, destination", type, dst, dstOffset, elements);
    Staging staging = Staging.ofThread();
    for (long done = 0; done < elements; done += Staging.ELEMENTS) {
      int n = (int) Math.min(Staging.ELEMENTS, elements - done);
      staging.load(DType.F32, src, srcOffset + 4 * done, n);
      loop.run(staging, n);
      staging.store(type, dst, dstOffset + type.bytes(done), n);
    }
  }

  private static void f16(float[] in, short[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = Half.toF16(in[i]);
    }
  }

  private static void bf16(float[] in, short[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = Half.toBf16(in[i]);
    }
  }

  private static void e4m3(float[] in, byte[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = Float8.toE4m3(in[i]);
    }
  }

  private static void e5m2(float[] in, byte[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = Float8.toE5m2(in[i]);
    }
  }

  private static void q8(float[] in, byte[] out, int n) {
    for (int x = 0, b = 0; x < n; x += 32, b += 34) {
      float largest = 0;
      for (int j = 0; j < 32; j++) {
        // Math.max, unlike a comparison, lets a NaN through.
        largest = Math.max(largest, Math.abs(in[x + j]));
      }
      boolean finite = Float.isFinite(largest);
      float d = largest / 127;
      float inverse = finite ? inverse(d) : 0;
      Staging.putShort(out, b, finite ? Half.toF16(d) : F16_NAN);
      for (int j = 0; j < 32; j++) {
        float scaled = in[x + j] * inverse;
        int whole = (int) scaled;
        // Half away from zero, where adding 0.5 to the number just below 0.5 would round up.
        out[b + 2 + j] = (byte) (whole + (int) ((scaled - whole) * 2));
      }
    }
  }

  private static void q4(float[] in, byte[] out, int n) {
    for (int x = 0, b = 0; x < n; x += 32, b += 18) {
      float extreme = 0;
      float sum = 0;
      for (int j = 0; j < 32; j++) {
        float value = in[x + j];
        extreme = Math.abs(value) > Math.abs(extreme) ? value : extreme;
        sum += value * 0;
      }
      // Zero times a value is NaN for NaN and the infinities alone.
      boolean finite = sum == 0;
      float d = extreme / -8;
      float inverse = finite ? inverse(d) : 0;
      Staging.putShort(out, b, finite ? Half.toF16(d) : F16_NAN);
      for (int j = 0; j < 16; j++) {
        int low = Math.min(15, (int) (in[x + j] * inverse + 8.5f));
        int high = Math.min(15, (int) (in[x + 16 + j] * inverse + 8.5f));
        out[b + 2 + j] = (byte) (low | high << 4);
      }
    }
  }

  /** 1/d, or 0 where that is no finite number: for d = 0, and for a d so small that llama.cpp leaves the result undefined. */
  private static float inverse(float d) {
    float inverse = 1 / d;
    return Float.isFinite(inverse) ? inverse : 0;
  }
}
