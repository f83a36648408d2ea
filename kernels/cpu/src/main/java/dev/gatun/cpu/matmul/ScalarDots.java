package dev.gatun.cpu.matmul;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** {@link Dots} in plain Java: four partial sums an output, so that additions need not wait for each other. */
final class ScalarDots implements Dots {
  private static final int L = 4;

  @Override
  public int lanes() {
    return L;
  }

  @Override
  public void tile(MemorySegment x, long offset, long rowBytes, int count, float[] panel, float[] sums, int at) {
    for (int m = 0; m < 4; m++) {
      row(x, offset + m * rowBytes, count, panel, sums, at + m * Panel.ROWS * L);
    }
  }

  @Override
  public void row(MemorySegment x, long offset, int count, float[] panel, float[] sums, int at) {
    for (int r = 0; r < Panel.ROWS; r++) {
      one(x, offset, count, panel, r * Panel.DEPTH, sums, at + r * L);
    }
  }

  private static void one(MemorySegment x, long offset, int count, float[] panel, int from, float[] sums, int at) {
    float s0 = sums[at];
    float s1 = sums[at + 1];
    float s2 = sums[at + 2];
    float s3 = sums[at + 3];
    for (int i = 0; i < count; i += L) {
      long o = offset + 4L * i;
      s0 += x.get(JAVA_FLOAT_UNALIGNED, o) * panel[from + i];
      s1 += x.get(JAVA_FLOAT_UNALIGNED, o + 4) * panel[from + i + 1];
      s2 += x.get(JAVA_FLOAT_UNALIGNED, o + 8) * panel[from + i + 2];
      s3 += x.get(JAVA_FLOAT_UNALIGNED, o + 12) * panel[from + i + 3];
    }
    sums[at] = s0;
    sums[at + 1] = s1;
    sums[at + 2] = s2;
    sums[at + 3] = s3;
  }
}
