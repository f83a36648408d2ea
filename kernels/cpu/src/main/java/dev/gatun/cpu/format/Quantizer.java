package dev.gatun.cpu.format;

import dev.gatun.DType;
import dev.gatun.ShapeException;
import java.lang.foreign.MemorySegment;

/**
 * Rows of F32 to one element type. F16, BF16 and the 8-bit floats round to nearest, ties to even (see {@link Half} and {@link Float8} for
 * overflow); Q8_0, Q4_0, Q4_1, Q5_0 and Q5_1 give the bytes of ggml's reference rounding ({@link SmallRounding}), the K types the nearest
 * values that a search finds ({@link SuperBlockFit}). A block that holds NaN or an infinity gets {@code d} = NaN, so that it is seen. Stateless, may be
 * shared by threads, and allocates nothing after a thread's first call.
 */
public final class Quantizer {
  private final DType type;
  private final Staging.Loop loop;

  private Quantizer(DType type, Staging.Loop loop) {
    this.type = type;
    this.loop = loop;
  }

  /**
   * The quantizer to {@code type}: F32 (a copy), F16, BF16, F8_E4M3, F8_E5M2, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1 or Q2_K to Q6_K.
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
      case Q8_0 -> (s, n) -> SmallRounding.q8(s.floats, s.bytes, n);
      case Q4_0 -> (s, n) -> SmallRounding.q4(s.floats, s.bytes, n);
      case Q4_1 -> (s, n) -> SmallRounding.q4WithMinimum(s.floats, s.bytes, n);
      case Q5_0 -> (s, n) -> SmallRounding.q5(s.floats, s.bytes, n);
      case Q5_1 -> (s, n) -> SmallRounding.q5WithMinimum(s.floats, s.bytes, n);
      case Q2_K -> (s, n) -> SuperBlockRounding.q2(s.floats, s.bytes, n, s.fit());
      case Q3_K -> (s, n) -> SuperBlockRounding.q3(s.floats, s.bytes, n, s.fit());
      case Q4_K -> (s, n) -> SuperBlockRounding.q4(s.floats, s.bytes, n, s.fit());
      case Q5_K -> (s, n) -> SuperBlockRounding.q5(s.floats, s.bytes, n, s.fit());
      case Q6_K -> (s, n) -> SuperBlockRounding.q6(s.floats, s.bytes, n, s.fit());
      default -> throw new ShapeException("quantize: no rounding of F32 to " + type
          + "; the CPU backend has F16, BF16, F8_E4M3, F8_E5M2, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1 and Q2_K to Q6_K");
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
}
