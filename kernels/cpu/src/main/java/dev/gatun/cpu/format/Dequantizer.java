package dev.gatun.cpu.format;

import dev.gatun.DType;
import dev.gatun.ShapeException;
import java.lang.foreign.MemorySegment;

/**
 * Rows of one element type to F32. Every value is the nearest F32 to what {@link DType} defines: the products are exact in F32, so at
 * most one sum rounds. Stateless, may be shared by threads, and allocates nothing after a thread's
 * first call.
 */
public final class Dequantizer {
  private final DType type;
  private final Staging.Loop loop;

  private Dequantizer(DType type, Staging.Loop loop) {
    this.type = type;
    this.loop = loop;
  }

  /** The dequantizer of {@code type}; there is one for every type. */
  public static Dequantizer of(DType type) {
    return new Dequantizer(type, switch (type) {
      case F32 -> (s, n) -> { };
      case F16 -> (s, n) -> f16(s.shorts, s.floats, n);
      case BF16 -> (s, n) -> bf16(s.shorts, s.floats, n);
      case I8 -> (s, n) -> i8(s.bytes, s.floats, n);
      case I32 -> (s, n) -> i32(s.ints, s.floats, n);
      case F8_E4M3 -> (s, n) -> e4m3(s.bytes, s.floats, n);
      case F8_E5M2 -> (s, n) -> e5m2(s.bytes, s.floats, n);
      case Q8_0 -> (s, n) -> SmallBlocks.q8(s.bytes, s.floats, n);
      case Q4_0 -> (s, n) -> SmallBlocks.q4(s.bytes, s.floats, n);
      case Q4_1 -> (s, n) -> SmallBlocks.q4WithMinimum(s.bytes, s.floats, n);
      case Q5_0 -> (s, n) -> SmallBlocks.q5(s.bytes, s.floats, n);
      case Q5_1 -> (s, n) -> SmallBlocks.q5WithMinimum(s.bytes, s.floats, n);
      case IQ4_NL -> (s, n) -> SmallBlocks.iq4(s.bytes, s.floats, n);
      case MXFP4 -> (s, n) -> SmallBlocks.mxfp4(s.bytes, s.floats, n);
      case Q2_K -> (s, n) -> SuperBlocks.q2(s.bytes, s.floats, n);
      case Q3_K -> (s, n) -> SuperBlocks.q3(s.bytes, s.floats, n);
      case Q4_K -> (s, n) -> SuperBlocks.q4(s.bytes, s.floats, n);
      case Q5_K -> (s, n) -> SuperBlocks.q5(s.bytes, s.floats, n);
      case Q6_K -> (s, n) -> SuperBlocks.q6(s.bytes, s.floats, n);
      case IQ4_XS -> (s, n) -> SuperBlocks.iq4(s.bytes, s.floats, n);
      case TQ1_0 -> (s, n) -> TernaryBlocks.digits(s.bytes, s.floats, n);
      case TQ2_0 -> (s, n) -> TernaryBlocks.pairs(s.bytes, s.floats, n);
    });
  }

  /** The type this reads. */
  public DType type() {
    return type;
  }

  /**
   * Writes {@code elements} F32 values.
   *
   * @param srcOffset byte at which the first element, or its block, starts; needs no alignment
   * @param dstOffset byte at which the first value goes; needs no alignment. Source and destination bytes do not overlap
   * @throws ShapeException if the elements are no whole number of blocks, or either side would pass its segment's end
   */
  public void row(MemorySegment src, long srcOffset, MemorySegment dst, long dstOffset, int elements) {
    Staging.check("dequantize, source", type, src, srcOffset, elements);
    Staging.check("dequantize, destination", DType.F32, dst, dstOffset, elements);
    Staging staging = Staging.ofThread();
    for (long done = 0; done < elements; done += Staging.ELEMENTS) {
      int n = (int) Math.min(Staging.ELEMENTS, elements - done);
      staging.load(type, src, srcOffset + type.bytes(done), n);
      loop.run(staging, n);
      staging.store(DType.F32, dst, dstOffset + 4 * done, n);
    }
  }

  /**
   * As {@link #row}, into an array.
   *
   * @throws ShapeException if the elements are no whole number of blocks, or the source would pass its segment's end
   */
  public void floats(MemorySegment src, long srcOffset, int elements, float[] out, int at) {
    Staging.check("dequantize, source", type, src, srcOffset, elements);
    Staging staging = Staging.ofThread();
    for (int done = 0; done < elements; done += Staging.ELEMENTS) {
      int n = Math.min(Staging.ELEMENTS, elements - done);
      staging.load(type, src, srcOffset + type.bytes(done), n);
      loop.run(staging, n);
      System.arraycopy(staging.floats, 0, out, at + done, n);
    }
  }

  private static void f16(short[] in, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = Half.f16(in[i]);
    }
  }

  private static void bf16(short[] in, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = Half.bf16(in[i]);
    }
  }

  private static void i8(byte[] in, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = in[i];
    }
  }

  private static void i32(int[] in, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = in[i];
    }
  }

  private static void e4m3(byte[] in, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = Float8.e4m3(in[i]);
    }
  }

  private static void e5m2(byte[] in, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = Float8.e5m2(in[i]);
    }
  }
}
