package dev.gatun.cpu.matmul;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/** The twelve bytes of eight 6-bit scales and eight 6-bit minimums of a Q4_K or Q5_K block, as {@link dev.gatun.DType#Q4_K} lays them out. */
final class KScales {
  private KScales() {}

  static int scale(MemorySegment w, long at, int g) {
    return g < 4 ? w.get(JAVA_BYTE, at + g) & 63 : w.get(JAVA_BYTE, at + g + 4) & 15 | w.get(JAVA_BYTE, at + g - 4) >> 2 & 48;
  }

  static int min(MemorySegment w, long at, int g) {
    return g < 4 ? w.get(JAVA_BYTE, at + g + 4) & 63 : w.get(JAVA_BYTE, at + g + 4) >> 4 & 15 | w.get(JAVA_BYTE, at + g) >> 2 & 48;
  }
}
