package dev.gatun.cpu.format;

import static dev.gatun.cpu.format.RowConversion.BYTE;
import static dev.gatun.cpu.format.RowConversion.FLOAT;
import static dev.gatun.cpu.format.RowConversion.INT;
import static dev.gatun.cpu.format.RowConversion.SHORT;

import dev.gatun.DType;
import dev.gatun.ShapeException;
import java.lang.foreign.MemorySegment;

/**
 * Rows of one element type to F32. Every value is the nearest F32 to what {@link DType} defines: the products are exact in F32, so at
 * most one sum rounds. Stateless, allocates nothing, and may be shared by threads.
 */
public final class Dequantizer {
  private final DType type;
  private final RowConversion loop;

  private Dequantizer(DType type, RowConversion loop) {
    this.type = type;
    this.loop = loop;
  }

  /** The dequantizer of {@code type}; there is one for every type. */
  public static Dequantizer of(DType type) {
    return new Dequantizer(type, switch (type) {
      case F32 -> (src, from, dst, to, n) -> MemorySegment.copy(src, from, dst, to, 4L * n);
      case F16 -> Dequantizer::f16;
      case BF16 -> Dequantizer::bf16;
      case I8 -> Dequantizer::i8;
      case I32 -> Dequantizer::i32;
      case F8_E4M3 -> Dequantizer::e4m3;
      case F8_E5M2 -> Dequantizer::e5m2;
      case Q8_0 -> SmallBlocks::q8;
      case Q4_0 -> SmallBlocks::q4;
      case Q4_1 -> SmallBlocks::q4WithMinimum;
      case Q5_0 -> SmallBlocks::q5;
      case Q5_1 -> SmallBlocks::q5WithMinimum;
      case IQ4_NL -> SmallBlocks::iq4;
      case MXFP4 -> SmallBlocks::mxfp4;
      case Q2_K -> SuperBlocks::q2;
      case Q3_K -> SuperBlocks::q3;
      case Q4_K -> SuperBlocks::q4;
      case Q5_K -> SuperBlocks::q5;
      case Q6_K -> SuperBlocks::q6;
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
    RowConversion.check("dequantize, source", type, src, srcOffset, elements);
    RowConversion.check("dequantize, destination", DType.F32, dst, dstOffset, elements);
    loop.row(src, srcOffset, dst, dstOffset, elements);
  }

  private static void f16(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (int i = 0; i < n; i++) {
      dst.set(FLOAT, to + 4L * i, Half.f16(src.get(SHORT, from + 2L * i)));
    }
  }

  private static void bf16(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (int i = 0; i < n; i++) {
      dst.set(FLOAT, to + 4L * i, Half.bf16(src.get(SHORT, from + 2L * i)));
    }
  }

  private static void i8(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (int i = 0; i < n; i++) {
      dst.set(FLOAT, to + 4L * i, src.get(BYTE, from + i));
    }
  }

  private static void i32(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (int i = 0; i < n; i++) {
      dst.set(FLOAT, to + 4L * i, src.get(INT, from + 4L * i));
    }
  }

  private static void e4m3(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (int i = 0; i < n; i++) {
      dst.set(FLOAT, to + 4L * i, Float8.e4m3(src.get(BYTE, from + i)));
    }
  }

  private static void e5m2(MemorySegment src, long from, MemorySegment dst, long to, int n) {
    for (int i = 0; i < n; i++) {
      dst.set(FLOAT, to + 4L * i, Float8.e5m2(src.get(BYTE, from + i)));
    }
  }
}
