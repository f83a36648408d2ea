package dev.gatun.cpu.format;

/** The ternary types to F32; the layouts are in {@link dev.gatun.DType}. */
final class TernaryBlocks {
  private static final int[] POWERS = {1, 3, 9, 27, 81};

  private TernaryBlocks() {}

  static void pairs(byte[] in, float[] out, int n) {
    for (int b = 0, o = 0; o < n; b += 66, o += 256) {
      float d = Staging.f16(in, b + 64);
      for (int s = 0; s < 8; s++) {
        int from = b + 32 * (s >> 2);
        int shift = 2 * (s & 3);
        for (int l = 0; l < 32; l++) {
          out[o + 32 * s + l] = d * ((in[from + l] >> shift & 3) - 1);
        }
      }
    }
  }

  static void digits(byte[] in, float[] out, int n) {
    for (int b = 0, o = 0; o < n; b += 54, o += 256) {
      float d = Staging.f16(in, b + 52);
      for (int p = 0; p < 5; p++) {
        digit(in, b, 32, POWERS[p], d, out, o + 32 * p);
        digit(in, b + 32, 16, POWERS[p], d, out, o + 160 + 16 * p);
        if (p < 4) {
          digit(in, b + 48, 4, POWERS[p], d, out, o + 240 + 4 * p);
        }
      }
    }
  }

  private static void digit(byte[] in, int from, int count, int power, float d, float[] out, int to) {
    for (int m = 0; m < count; m++) {
      out[to + m] = d * (((in[from + m] * power & 255) * 3 >> 8) - 1);
    }
  }
}
