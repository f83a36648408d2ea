package dev.gatun.decoder.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * One block of 256 elements of an IQ type whose elements are points of a grid, taken apart: element i is {@code scales[i/8]·codes[i]}, with whole codes of at
 * most 62 in magnitude. The layouts are those of llama.cpp's {@code ggml/src/ggml-common.h}, what they mean is in {@code dequantize_row_iq*} of its
 * {@code ggml-quants.c}.
 */
final class GridBlock {
  static final int ELEMENTS = 256;

  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  final byte[] codes = new byte[ELEMENTS];
  final float[] scales = new float[ELEMENTS / 8];

  private final GgufType type;
  private MemorySegment in;
  private long at;

  /** @param type one that {@link #reads} */
  GridBlock(GgufType type) {
    this.type = type;
  }

  static boolean reads(GgufType type) {
    return switch (type) {
      case IQ1_S, IQ1_M, IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S -> true;
      default -> false;
    };
  }

  /** Reads the block at a byte. */
  void read(MemorySegment blocks, long offset) {
    in = blocks;
    at = offset;
    for (int g = 0; g < 8; g++) {
      switch (type) {
        case IQ1_S -> iq1s(g);
        case IQ1_M -> iq1m(g);
        case IQ2_XXS -> iq2xxs(g);
        case IQ2_XS -> iq2xs(g);
        case IQ2_S -> iq2s(g);
        case IQ3_XXS -> iq3xxs(g);
        case IQ3_S -> iq3s(g);
        default -> throw new IllegalArgumentException(type + " has no grid");
      }
    }
  }

  private int u8(int offset) {
    return in.get(ValueLayout.JAVA_BYTE, at + offset) & 0xFF;
  }

  private int u16(int offset) {
    return in.get(SHORT, at + offset) & 0xFFFF;
  }

  private int word(int offset) {
    return in.get(INT, at + offset);
  }

  private float half(int offset) {
    return Float.float16ToFloat(in.get(SHORT, at + offset));
  }

  /** The signs that seven bits stand for: an eighth makes their number even. */
  private static int signs(int seven) {
    return seven | (Integer.bitCount(seven) & 1) << 7;
  }

  /** Eight elements that are a point, negative where a bit of {@code signs} is set. */
  private void point8(byte[] grid, int index, int signs, int eighth, float scale) {
    for (int j = 0; j < 8; j++) {
      int code = grid[8 * index + j];
      codes[8 * eighth + j] = (byte) ((signs >> j & 1) == 0 ? code : -code);
    }
    scales[eighth] = scale;
  }

  /** Eight elements that are two points of four coordinates. */
  private void points4(byte[] grid, int first, int second, int signs, int eighth, float scale) {
    for (int j = 0; j < 8; j++) {
      int code = grid[4 * (j < 4 ? first : second) + (j & 3)];
      codes[8 * eighth + j] = (byte) ((signs >> j & 1) == 0 ? code : -code);
    }
    scales[eighth] = scale;
  }

  /** Eight elements that are a point of ternary coordinates, an eighth more or less each. */
  private void ternary(int index, boolean less, int eighth, float scale) {
    for (int j = 0; j < 8; j++) {
      codes[8 * eighth + j] = (byte) (8 * Named.IQ1_S[8 * index + j] + (less ? -1 : 1));
    }
    scales[eighth] = scale / 8;
  }

  private void iq2xxs(int g) {
    int points = word(2 + 8 * g);
    int rest = word(6 + 8 * g);
    float scale = half(0) * (2 * (rest >>> 28) + 1) / 8;
    for (int l = 0; l < 4; l++) {
      point8(Named.IQ2_XXS, points >>> 8 * l & 255, signs(rest >>> 7 * l & 127), 4 * g + l, scale);
    }
  }

  private void iq2xs(int g) {
    int both = u8(66 + g);
    for (int l = 0; l < 4; l++) {
      int q = u16(2 + 8 * g + 2 * l);
      point8(Named.IQ2_XS, q & 511, signs(q >> 9), 4 * g + l, half(0) * (2 * (both >> 4 * (l >> 1) & 15) + 1) / 8);
    }
  }

  private void iq2s(int g) {
    int both = u8(74 + g);
    int high = u8(66 + g);
    for (int l = 0; l < 4; l++) {
      int index = u8(2 + 4 * g + l) | (high >> 2 * l & 3) << 8;
      point8(Named.IQ2_S, index, u8(34 + 4 * g + l), 4 * g + l, half(0) * (2 * (both >> 4 * (l >> 1) & 15) + 1) / 8);
    }
  }

  private void iq3xxs(int g) {
    int rest = word(66 + 4 * g);
    float scale = half(0) * (2 * (rest >>> 28) + 1) / 4;
    for (int l = 0; l < 4; l++) {
      points4(Named.IQ3_XXS, u8(2 + 8 * g + 2 * l), u8(3 + 8 * g + 2 * l), signs(rest >>> 7 * l & 127), 4 * g + l, scale);
    }
  }

  private void iq3s(int g) {
    float scale = half(0) * (2 * (u8(106 + (g >> 1)) >> 4 * (g & 1) & 15) + 1);
    int high = u8(66 + g);
    for (int l = 0; l < 4; l++) {
      int first = u8(2 + 8 * g + 2 * l) | (high >> 2 * l & 1) << 8;
      int second = u8(3 + 8 * g + 2 * l) | (high >> 2 * l + 1 & 1) << 8;
      points4(Named.IQ3_S, first, second, u8(74 + 4 * g + l), 4 * g + l, scale);
    }
  }

  private void iq1s(int g) {
    int rest = u16(34 + 2 * g);
    float scale = half(0) * (2 * (rest >> 12 & 7) + 1);
    for (int l = 0; l < 4; l++) {
      ternary(u8(2 + 4 * g + l) | (rest >> 3 * l & 7) << 8, rest >> 15 != 0, 4 * g + l, scale);
    }
  }

  private void iq1m(int g) {
    int bits = u16(48) >> 12 | u16(50) >> 8 & 0xF0 | u16(52) >> 4 & 0xF00 | u16(54) & 0xF000;
    float d = Float.float16ToFloat((short) bits);
    int pair = u16(48 + 2 * (g >> 1)) >> 6 * (g & 1);
    for (int l = 0; l < 4; l++) {
      int high = u8(32 + 2 * g + (l >> 1)) >> 4 * (l & 1);
      ternary(u8(4 * g + l) | (high & 7) << 8, (high & 8) != 0, 4 * g + l, d * (2 * (pair >> 3 * (l >> 1) & 7) + 1));
    }
  }

  /** The grids by type. */
  private static final class Named {
    static final byte[] IQ1_S = Grids.of("iq1s");
    static final byte[] IQ2_XXS = Grids.of("iq2xxs");
    static final byte[] IQ2_XS = Grids.of("iq2xs");
    static final byte[] IQ2_S = Grids.of("iq2s");
    static final byte[] IQ3_XXS = Grids.of("iq3xxs");
    static final byte[] IQ3_S = Grids.of("iq3s");
  }
}
