package dev.gatun.tck.example;

/** Blocks of 32 elements that share a scale, as {@link dev.gatun.DType} lays them out. */
final class Blocks {
  static final int SIZE = 32;
  static final int Q8_0_BYTES = 34;
  static final int Q4_0_BYTES = 18;
  private static final int HALF = SIZE / 2;

  private Blocks() {}

  static byte[] toQ8(float[] x, boolean truncate) {
    float largest = 0;
    for (float value : x) {
      largest = Math.max(largest, Math.abs(value));
    }
    float d = largest / 127;
    float inverse = inverse(d);
    byte[] block = block(Q8_0_BYTES, d);
    for (int i = 0; i < SIZE; i++) {
      float scaled = x[i] * inverse;
      double magnitude = truncate ? Math.abs(scaled) : Math.floor(Math.abs((double) scaled) + 0.5);
      block[2 + i] = (byte) (scaled < 0 ? -magnitude : magnitude);
    }
    return block;
  }

  static byte[] toQ4(float[] x) {
    float extreme = 0;
    for (float value : x) {
      if (!Float.isFinite(value)) {
        extreme = Float.NaN;
      } else if (Math.abs(value) > Math.abs(extreme)) {
        extreme = value;
      }
    }
    float d = extreme / -8;
    float inverse = inverse(d);
    byte[] block = block(Q4_0_BYTES, d);
    for (int i = 0; i < HALF; i++) {
      block[2 + i] = (byte) (nibble(x[i] * inverse) | nibble(x[i + HALF] * inverse) << 4);
    }
    return block;
  }

  private static int nibble(float scaled) {
    return Math.clamp((long) Math.floor(scaled + 8.5f), 0, 15);
  }

  /** A block with its scale, little endian; NaN for one that is not finite. */
  private static byte[] block(int bytes, float scale) {
    short bits = Float.floatToFloat16(Float.isFinite(scale) ? scale : Float.NaN);
    byte[] block = new byte[bytes];
    block[0] = (byte) bits;
    block[1] = (byte) (bits >> Byte.SIZE);
    return block;
  }

  /** 1/d; 0 where there is nothing to divide by. */
  private static float inverse(float d) {
    float inverse = 1 / d;
    return Float.isFinite(inverse) ? inverse : 0;
  }
}
