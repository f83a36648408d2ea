package dev.gatun.cpu.format;

import java.util.Arrays;

/** F32 to the block types of 256 elements with the scales of {@link SuperBlockFit}. A block with a NaN or an infinity is zeros under a scale of NaN. */
final class SuperBlockRounding {
  private static final short F16_NAN = 0x7E00;

  private SuperBlockRounding() {}

  static void q2(float[] in, byte[] out, int n, SuperBlockFit fit) {
    for (int x = 0, b = 0; x < n; x += 256, b += 84) {
      Arrays.fill(out, b, b + 84, (byte) 0);
      if (!fit.affine(in, x, 16, 15, 3)) {
        Staging.putShort(out, b + 80, F16_NAN);
        continue;
      }
      Staging.putShort(out, b + 80, fit.d);
      Staging.putShort(out, b + 82, fit.dmin);
      for (int g = 0; g < 16; g++) {
        out[b + g] = (byte) (fit.scales[g] | fit.minimums[g] << 4);
      }
      pairs(fit.codes, out, b + 16);
    }
  }

  static void q3(float[] in, byte[] out, int n, SuperBlockFit fit) {
    for (int x = 0, b = 0; x < n; x += 256, b += 110) {
      Arrays.fill(out, b, b + 110, (byte) 0);
      if (!fit.signed(in, x, 32, 4)) {
        Staging.putShort(out, b + 108, F16_NAN);
        continue;
      }
      Staging.putShort(out, b + 108, fit.d);
      for (int g = 0; g < 16; g++) {
        int scale = fit.scales[g] + 32;
        out[b + 96 + (g & 7)] |= (byte) ((scale & 15) << (g < 8 ? 0 : 4));
        out[b + 104 + (g & 3)] |= (byte) (scale >> 4 << 2 * (g >> 2));
      }
      pairs(fit.codes, out, b + 32);
      for (int i = 0; i < 256; i++) {
        out[b + (i & 31)] |= (byte) (fit.codes[i] >> 2 << (i >> 5));
      }
    }
  }

  static void q4(float[] in, byte[] out, int n, SuperBlockFit fit) {
    for (int x = 0, b = 0; x < n; x += 256, b += 144) {
      Arrays.fill(out, b, b + 144, (byte) 0);
      if (!fit.affine(in, x, 32, 63, 15)) {
        Staging.putShort(out, b, F16_NAN);
        continue;
      }
      header(fit, out, b);
      nibbles(fit.codes, out, b + 16);
    }
  }

  static void q5(float[] in, byte[] out, int n, SuperBlockFit fit) {
    for (int x = 0, b = 0; x < n; x += 256, b += 176) {
      Arrays.fill(out, b, b + 176, (byte) 0);
      if (!fit.affine(in, x, 32, 63, 31)) {
        Staging.putShort(out, b, F16_NAN);
        continue;
      }
      header(fit, out, b);
      nibbles(fit.codes, out, b + 48);
      for (int i = 0; i < 256; i++) {
        out[b + 16 + (i & 31)] |= (byte) (fit.codes[i] >> 4 << (i >> 5));
      }
    }
  }

  static void q6(float[] in, byte[] out, int n, SuperBlockFit fit) {
    for (int x = 0, b = 0; x < n; x += 256, b += 210) {
      Arrays.fill(out, b, b + 210, (byte) 0);
      if (!fit.signed(in, x, 128, 32)) {
        Staging.putShort(out, b + 208, F16_NAN);
        continue;
      }
      Staging.putShort(out, b + 208, fit.d);
      for (int g = 0; g < 16; g++) {
        out[b + 192 + g] = (byte) fit.scales[g];
      }
      for (int i = 0; i < 256; i++) {
        int half = i >> 7;
        int quarter = i >> 5 & 3;
        int l = i & 31;
        out[b + 64 * half + 32 * (quarter & 1) + l] |= (byte) ((fit.codes[i] & 15) << 4 * (quarter >> 1));
        out[b + 128 + 32 * half + l] |= (byte) (fit.codes[i] >> 4 << 2 * quarter);
      }
    }
  }

  /** The low two bits: each half's four quarters in rising pairs of bits. */
  private static void pairs(int[] codes, byte[] out, int at) {
    for (int i = 0; i < 256; i++) {
      out[at + 32 * (i >> 7) + (i & 31)] |= (byte) ((codes[i] & 3) << 2 * (i >> 5 & 3));
    }
  }

  /** The low four bits: of each 64 the first half in the low nibbles. */
  private static void nibbles(int[] codes, byte[] out, int at) {
    for (int i = 0; i < 256; i++) {
      out[at + 32 * (i >> 6) + (i & 31)] |= (byte) ((codes[i] & 15) << 4 * (i >> 5 & 1));
    }
  }

  /** The scales of Q4_K and Q5_K. */
  private static void header(SuperBlockFit fit, byte[] out, int b) {
    Staging.putShort(out, b, fit.d);
    Staging.putShort(out, b + 2, fit.dmin);
    int s = b + 4;
    for (int g = 0; g < 4; g++) {
      int next = g + 4;
      out[s + g] = (byte) (fit.scales[g] | fit.scales[next] >> 4 << 6);
      out[s + 4 + g] = (byte) (fit.minimums[g] | fit.minimums[next] >> 4 << 6);
      out[s + 8 + g] = (byte) (fit.scales[next] & 15 | (fit.minimums[next] & 15) << 4);
    }
  }
}
