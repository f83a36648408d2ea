package dev.gatun.decoder.gguf;

import dev.gatun.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.stream.LongStream;

/**
 * Blocks of the IQ types of {@link GridBlock} as Q8_0, which every backend computes with, in half the bytes of F16. Where 32 elements share a scale, as those
 * of IQ1_S, IQ2_XXS, IQ3_XXS and IQ3_S do, their whole codes stay what they are and only the scale is rounded, to F16: an NMSE of about 2e-8. Those of IQ1_M,
 * IQ2_XS and IQ2_S, with a scale for each 16, are rounded to 8 bits where the two differ: about 2e-5, beside the 3e-2 and more that these types are off
 * from the weights they were made of.
 */
final class GridExpansion {
  /** What elements become. */
  static final DType TYPE = DType.Q8_0;

  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int BLOCKS_OF_TASK = 1024;
  private static final float LARGEST = 127;

  private GridExpansion() {}

  /** A tensor's blocks anew, in memory that is freed when nothing refers to it. */
  static MemorySegment expand(GgufType type, MemorySegment blocks) {
    long count = blocks.byteSize() / type.blockBytes();
    MemorySegment out = Arena.ofAuto().allocate(Math.max(1, TYPE.bytes(count * GridBlock.ELEMENTS)), Long.BYTES);
    LongStream.range(0, Math.ceilDiv(count, (long) BLOCKS_OF_TASK)).parallel().forEach(task -> {
      GridBlock block = new GridBlock(type);
      long end = Math.min(count, (task + 1) * BLOCKS_OF_TASK);
      for (long i = task * BLOCKS_OF_TASK; i < end; i++) {
        block.read(blocks, i * type.blockBytes());
        for (int g = 0; g < GridBlock.ELEMENTS / 32; g++) {
          write(block, g, out, TYPE.bytes(i * GridBlock.ELEMENTS + 32L * g));
        }
      }
    });
    return out;
  }

  private static void write(GridBlock block, int g, MemorySegment out, long at) {
    float scale = block.scales[4 * g];
    boolean shared = true;
    float largest = 0;
    for (int i = 0; i < 32; i++) {
      float own = block.scales[4 * g + i / 8];
      shared &= own == scale;
      largest = Math.max(largest, Math.abs(own * block.codes[32 * g + i]));
    }
    short bits = Float.floatToFloat16(shared ? scale : largest / LARGEST);
    float d = Float.float16ToFloat(bits);
    out.set(SHORT, at, bits);
    for (int i = 0; i < 32; i++) {
      int code = block.codes[32 * g + i];
      int rounded = d == 0 ? 0 : (int) Math.clamp(Math.rint(block.scales[4 * g + i / 8] * code / d), -LARGEST, LARGEST);
      out.set(ValueLayout.JAVA_BYTE, at + 2 + i, (byte) (shared ? code : rounded));
    }
  }
}
