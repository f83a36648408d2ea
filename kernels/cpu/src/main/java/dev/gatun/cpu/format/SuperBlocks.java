package dev.gatun.cpu.format;

/** The block types of 256 elements to F32, group by group; the layouts are in {@link dev.gatun.DType}. */
final class SuperBlocks {
  private SuperBlocks() {}

  static void q2(byte[] in, float[] out, int n) {
    for (int b = 0, o = 0; o < n; b += 84, o += 256) {
      float d = Staging.f16(in, b + 80);
      float dmin = Staging.f16(in, b + 82);
      for (int g = 0; g < 16; g++) {
        int packed = in[b + g] & 0xFF;
        float scale = d * (packed & 15);
        float minimum = dmin * (packed >> 4);
        int q = b + 16 + 32 * (g >> 3) + 16 * (g & 1);
        int shift = g & 6;
        for (int l = 0; l < 16; l++) {
          out[o + 16 * g + l] = scale * (in[q + l] >> shift & 3) - minimum;
        }
      }
    }
  }

  static void q3(byte[] in, float[] out, int n) {
    for (int b = 0, o = 0; o < n; b += 110, o += 256) {
      float d = Staging.f16(in, b + 108);
      for (int g = 0; g < 16; g++) {
        int low = in[b + 96 + (g & 7)] >> (g < 8 ? 0 : 4) & 15;
        int high = in[b + 104 + (g & 3)] >> (2 * (g >> 2)) & 3;
        float scale = d * ((low | high << 4) - 32);
        int mask = b + 16 * (g & 1);
        int q = b + 32 + 32 * (g >> 3) + 16 * (g & 1);
        int shift = g & 6;
        int bit = g >> 1;
        for (int l = 0; l < 16; l++) {
          int code = in[q + l] >> shift & 3 | (in[mask + l] >> bit & 1) << 2;
          out[o + 16 * g + l] = scale * (code - 4);
        }
      }
    }
  }

  static void q4(byte[] in, float[] out, int n) {
    for (int b = 0, o = 0; o < n; b += 144, o += 256) {
      float d = Staging.f16(in, b);
      float dmin = Staging.f16(in, b + 2);
      for (int g = 0; g < 8; g += 2) {
        float scale = d * scale(in, b + 4, g);
        float minimum = dmin * minimum(in, b + 4, g);
        float nextScale = d * scale(in, b + 4, g + 1);
        float nextMinimum = dmin * minimum(in, b + 4, g + 1);
        int q = b + 16 + 16 * g;
        int p = o + 32 * g;
        for (int l = 0; l < 32; l++) {
          int pair = in[q + l];
          out[p + l] = scale * (pair & 15) - minimum;
          out[p + 32 + l] = nextScale * (pair >> 4 & 15) - nextMinimum;
        }
      }
    }
  }

  static void q5(byte[] in, float[] out, int n) {
    for (int b = 0, o = 0; o < n; b += 176, o += 256) {
      float d = Staging.f16(in, b);
      float dmin = Staging.f16(in, b + 2);
      for (int g = 0; g < 8; g += 2) {
        float scale = d * scale(in, b + 4, g);
        float minimum = dmin * minimum(in, b + 4, g);
        float nextScale = d * scale(in, b + 4, g + 1);
        float nextMinimum = dmin * minimum(in, b + 4, g + 1);
        int q = b + 48 + 16 * g;
        int p = o + 32 * g;
        for (int l = 0; l < 32; l++) {
          int pair = in[q + l];
          int high = in[b + 16 + l] >> g;
          out[p + l] = scale * (pair & 15 | (high & 1) << 4) - minimum;
          out[p + 32 + l] = nextScale * (pair >> 4 & 15 | (high & 2) << 3) - nextMinimum;
        }
      }
    }
  }

  static void q6(byte[] in, float[] out, int n) {
    for (int b = 0, o = 0; o < n; b += 210, o += 256) {
      float d = Staging.f16(in, b + 208);
      for (int part = 0; part < 4; part++) {
        // Sixteen elements of each of a half's four quarters share their bytes.
        int half = part >> 1;
        int low = b + 64 * half + 16 * (part & 1);
        int high = b + 128 + 32 * half + 16 * (part & 1);
        int s = b + 192 + 8 * half + (part & 1);
        float scale0 = d * in[s];
        float scale1 = d * in[s + 2];
        float scale2 = d * in[s + 4];
        float scale3 = d * in[s + 6];
        int p = o + 128 * half + 16 * (part & 1);
        for (int l = 0; l < 16; l++) {
          int h = in[high + l];
          int a = in[low + l];
          int c = in[low + 32 + l];
          out[p + l] = scale0 * ((a & 15 | (h & 3) << 4) - 32);
          out[p + 32 + l] = scale1 * ((c & 15 | (h >> 2 & 3) << 4) - 32);
          out[p + 64 + l] = scale2 * ((a >> 4 & 15 | (h >> 4 & 3) << 4) - 32);
          out[p + 96 + l] = scale3 * ((c >> 4 & 15 | (h >> 6 & 3) << 4) - 32);
        }
      }
    }
  }

  static void iq4(byte[] in, float[] out, int n) {
    for (int b = 0, o = 0; o < n; b += 136, o += 256) {
      float d = Staging.f16(in, b);
      for (int g = 0; g < 8; g++) {
        int low = in[b + 4 + (g >> 1)] >> 4 * (g & 1) & 15;
        int high = in[b + 2 + (g >> 2)] >> 2 * (g & 3) & 3;
        SmallBlocks.tabled(SmallBlocks.IQ4_NL, d * ((low | high << 4) - 32), in, b + 8 + 16 * g, out, o + 32 * g);
      }
    }
  }

  /** The 6-bit scale of group {@code g} in the twelve bytes at {@code s} of a Q4_K or Q5_K block. */
  static int scale(byte[] in, int s, int g) {
    return g < 4 ? in[s + g] & 63 : in[s + g + 4] & 15 | (in[s + g - 4] & 0xC0) >> 2;
  }

  /** The 6-bit minimum of group {@code g}, in the same bytes. */
  static int minimum(byte[] in, int s, int g) {
    return g < 4 ? in[s + g + 4] & 63 : in[s + g + 4] >> 4 & 15 | (in[s + g] & 0xC0) >> 2;
  }
}
