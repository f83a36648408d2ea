package dev.gatun.cpu.format;

/** The block types of 32 elements to F32, block by block; the layouts are in {@link dev.gatun.DType}. */
final class SmallBlocks {
  static final float[] IQ4_NL = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
  /** Twice the E2M1 values; the other half is in the scale, which then never needs an exponent that F32 lacks. */
  private static final float[] TWICE_E2M1 = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

  private SmallBlocks() {}

  static void q8(byte[] in, float[] out, int n) {
    for (int b = 0, o = 0; o < n; b += 34, o += 32) {
      float d = Staging.f16(in, b);
      for (int j = 0; j < 32; j++) {
        out[o + j] = d * in[b + 2 + j];
      }
    }
  }

  static void q4(byte[] in, float[] out, int n) {
    for (int b = 0, o = 0; o < n; b += 18, o += 32) {
      float d = Staging.f16(in, b);
      for (int j = 0; j < 16; j++) {
        int pair = in[b + 2 + j];
        out[o + j] = d * ((pair & 15) - 8);
        out[o + 16 + j] = d * ((pair >> 4 & 15) - 8);
      }
    }
  }

  static void q4WithMinimum(byte[] in, float[] out, int n) {
    for (int b = 0, o = 0; o < n; b += 20, o += 32) {
      float d = Staging.f16(in, b);
      float m = Staging.f16(in, b + 2);
      for (int j = 0; j < 16; j++) {
        int pair = in[b + 4 + j];
        out[o + j] = d * (pair & 15) + m;
        out[o + 16 + j] = d * (pair >> 4 & 15) + m;
      }
    }
  }

  static void q5(byte[] in, float[] out, int n) {
    for (int b = 0, o = 0; o < n; b += 22, o += 32) {
      float d = Staging.f16(in, b);
      int high = Staging.word(in, b + 2);
      for (int j = 0; j < 16; j++) {
        int pair = in[b + 6 + j];
        out[o + j] = d * ((pair & 15 | (high >>> j & 1) << 4) - 16);
        out[o + 16 + j] = d * ((pair >> 4 & 15 | (high >>> (j + 16) & 1) << 4) - 16);
      }
    }
  }

  static void q5WithMinimum(byte[] in, float[] out, int n) {
    for (int b = 0, o = 0; o < n; b += 24, o += 32) {
      float d = Staging.f16(in, b);
      float m = Staging.f16(in, b + 2);
      int high = Staging.word(in, b + 4);
      for (int j = 0; j < 16; j++) {
        int pair = in[b + 8 + j];
        out[o + j] = d * (pair & 15 | (high >>> j & 1) << 4) + m;
        out[o + 16 + j] = d * (pair >> 4 & 15 | (high >>> (j + 16) & 1) << 4) + m;
      }
    }
  }

  static void iq4(byte[] in, float[] out, int n) {
    for (int b = 0, o = 0; o < n; b += 18, o += 32) {
      tabled(IQ4_NL, Staging.f16(in, b), in, b + 2, out, o);
    }
  }

  static void mxfp4(byte[] in, float[] out, int n) {
    for (int b = 0, o = 0; o < n; b += 17, o += 32) {
      int e = in[b] & 0xFF;
      // 2^(e - 128): a normal number from e = 2 on.
      float halfScale = Float.intBitsToFloat(e < 2 ? 0x0020_0000 << e : (e - 1) << 23);
      tabled(TWICE_E2M1, halfScale, in, b + 1, out, o);
    }
  }

  static void tabled(float[] values, float d, byte[] in, int q, float[] out, int o) {
    for (int j = 0; j < 16; j++) {
      int pair = in[q + j];
      out[o + j] = d * values[pair & 15];
      out[o + 16 + j] = d * values[pair >> 4 & 15];
    }
  }
}
