package dev.gatun.cpu.format;

/**
 * F32 to the block types of 32 elements, to the byte as ggml's {@code quantize_row_*_ref} in {@code ggml-quants.c} do: in float32, each operation
 * rounded. A block with a NaN or an infinity gets NaN for its scale, so that it is seen.
 */
final class SmallRounding {
  private static final short F16_NAN = 0x7E00;

  private SmallRounding() {}

  /** Codes are x/d rounded half away from zero, with d the largest magnitude over 127. */
  static void q8(float[] in, byte[] out, int n) {
    for (int x = 0, b = 0; x < n; x += 32, b += 34) {
      float largest = 0;
      for (int j = 0; j < 32; j++) {
        // Math.max, unlike a comparison, lets a NaN through.
        largest = Math.max(largest, Math.abs(in[x + j]));
      }
      boolean finite = Float.isFinite(largest);
      float d = largest / 127;
      float inverse = finite ? inverse(d) : 0;
      Staging.putShort(out, b, finite ? Half.toF16(d) : F16_NAN);
      for (int j = 0; j < 32; j++) {
        float scaled = in[x + j] * inverse;
        int whole = (int) scaled;
        // Half away from zero, where adding 0.5 to the number just below 0.5 would round up.
        out[b + 2 + j] = (byte) (whole + (int) ((scaled - whole) * 2));
      }
    }
  }

  /** Codes are x/d + 8.5 cut to a whole number, with d the value of largest magnitude over −8, so that its own code is 0. */
  static void q4(float[] in, byte[] out, int n) {
    for (int x = 0, b = 0; x < n; x += 32, b += 18) {
      float extreme = extreme(in, x);
      boolean finite = isFinite(in, x);
      float d = extreme / -8;
      float inverse = finite ? inverse(d) : 0;
      Staging.putShort(out, b, finite ? Half.toF16(d) : F16_NAN);
      for (int j = 0; j < 16; j++) {
        int low = Math.min(15, (int) (in[x + j] * inverse + 8.5f));
        int high = Math.min(15, (int) (in[x + 16 + j] * inverse + 8.5f));
        out[b + 2 + j] = (byte) (low | high << 4);
      }
    }
  }

  /** As {@link #q4} with twice as many steps. */
  static void q5(float[] in, byte[] out, int n) {
    for (int x = 0, b = 0; x < n; x += 32, b += 22) {
      float extreme = extreme(in, x);
      boolean finite = isFinite(in, x);
      float d = extreme / -16;
      float inverse = finite ? inverse(d) : 0;
      Staging.putShort(out, b, finite ? Half.toF16(d) : F16_NAN);
      fives(in, x, 0, inverse, 16.5f, out, b + 2);
    }
  }

  /** Codes are (x − m)/d + 0.5 cut to a whole number, with m the least value and d the span over 15. */
  static void q4WithMinimum(float[] in, byte[] out, int n) {
    for (int x = 0, b = 0; x < n; x += 32, b += 20) {
      float least = least(in, x);
      boolean finite = isFinite(in, x);
      float d = (greatest(in, x) - least) / 15;
      float inverse = finite ? inverse(d) : 0;
      Staging.putShort(out, b, finite ? Half.toF16(d) : F16_NAN);
      Staging.putShort(out, b + 2, finite ? Half.toF16(least) : F16_NAN);
      for (int j = 0; j < 16; j++) {
        int low = Math.min(15, (int) ((in[x + j] - least) * inverse + 0.5f));
        int high = Math.min(15, (int) ((in[x + 16 + j] - least) * inverse + 0.5f));
        out[b + 4 + j] = (byte) (low | high << 4);
      }
    }
  }

  /** As {@link #q4WithMinimum} with the span over 31. */
  static void q5WithMinimum(float[] in, byte[] out, int n) {
    for (int x = 0, b = 0; x < n; x += 32, b += 24) {
      float least = least(in, x);
      boolean finite = isFinite(in, x);
      float d = (greatest(in, x) - least) / 31;
      float inverse = finite ? inverse(d) : 0;
      Staging.putShort(out, b, finite ? Half.toF16(d) : F16_NAN);
      Staging.putShort(out, b + 2, finite ? Half.toF16(least) : F16_NAN);
      fives(in, x, least, inverse, 0.5f, out, b + 4);
    }
  }

  private static void fives(float[] in, int x, float least, float inverse, float middle, byte[] out, int at) {
    int bits = 0;
    for (int j = 0; j < 16; j++) {
      int low = Math.min(31, (int) ((in[x + j] - least) * inverse + middle));
      int high = Math.min(31, (int) ((in[x + 16 + j] - least) * inverse + middle));
      out[at + 4 + j] = (byte) (low & 15 | (high & 15) << 4);
      bits |= low >> 4 << j | high >> 4 << (j + 16);
    }
    Staging.putShort(out, at, (short) bits);
    Staging.putShort(out, at + 2, (short) (bits >> 16));
  }

  /** The value of largest magnitude, the first of equals. */
  private static float extreme(float[] in, int x) {
    float extreme = 0;
    for (int j = x; j < x + 32; j++) {
      extreme = Math.abs(in[j]) > Math.abs(extreme) ? in[j] : extreme;
    }
    return extreme;
  }

  private static float least(float[] in, int x) {
    float least = in[x];
    for (int j = x; j < x + 32; j++) {
      least = in[j] < least ? in[j] : least;
    }
    return least;
  }

  private static float greatest(float[] in, int x) {
    float greatest = in[x];
    for (int j = x; j < x + 32; j++) {
      greatest = in[j] > greatest ? in[j] : greatest;
    }
    return greatest;
  }

  private static boolean isFinite(float[] in, int x) {
    float sum = 0;
    for (int j = x; j < x + 32; j++) {
      // Zero times a value is NaN for NaN and the infinities alone.
      sum += in[j] * 0;
    }
    return sum == 0;
  }

  /** 1/d, or 0 where that is no finite number: for d = 0, and for a d so small that ggml leaves the result undefined. */
  private static float inverse(float d) {
    float inverse = 1 / d;
    return Float.isFinite(inverse) ? inverse : 0;
  }
}
