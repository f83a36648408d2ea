package dev.gatun.tornado.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** The conversions that kernels do by arithmetic, against the JDK's by bits. */
class ElementsTest {
  private static final FloatArray POWERS = powers();
  private static final int SAMPLES = 1 << 20;

  private static FloatArray powers() {
    FloatArray powers = new FloatArray(256);
    for (int i = 0; i < 255; i++) {
      powers.set(i, (float) Math.scalb(1.0, i - 127));
    }
    powers.set(255, Float.POSITIVE_INFINITY);
    return powers;
  }

  @Test
  void everyF16IsDecoded() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      assertSame(Elements.half((short) bits, POWERS), Float.float16ToFloat((short) bits), "F16", bits);
    }
  }

  @Test
  void everyBf16IsDecoded() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      assertSame(Elements.bfloat((short) bits, POWERS), Float.intBitsToFloat(bits << 16), "BF16", bits);
    }
  }

  @Test
  void everyF8IsDecoded() {
    for (int bits = 0; bits < 1 << 8; bits++) {
      assertSame(Elements.e5m2((byte) bits, POWERS), Float.float16ToFloat((short) (bits << 8)), "F8_E5M2", bits);
      assertSame(Elements.e4m3((byte) bits, POWERS), e4m3(bits), "F8_E4M3", bits);
    }
  }

  @Test
  void floatsAreRoundedToTheNearestF16() {
    check("F16", Elements::halfBits, bits -> Float.floatToFloat16(Float.intBitsToFloat(bits)) & 0xFFFF);
  }

  @Test
  void floatsAreRoundedToTheNearestBf16() {
    check("BF16", Elements::bfloatBits, bits -> (bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16);
  }

  /** The nearest of all values, which the decoding gives, ties to the even code; a search knows nothing of exponents. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void floatsAreRoundedToTheNearestF8(boolean e4m3) {
    int largest = e4m3 ? 0x7E : 0x7B;
    int overflow = e4m3 ? 0x7E : 0x7C;
    float[] values = new float[largest + 2];
    for (int code = 0; code <= largest; code++) {
      values[code] = e4m3 ? e4m3(code) : Float.float16ToFloat((short) (code << 8));
    }
    values[largest + 1] = e4m3 ? 480 : 65536;
    check(e4m3 ? "F8_E4M3" : "F8_E5M2", e4m3 ? Elements::e4m3Bits : Elements::e5m2Bits, bits -> {
      float magnitude = Math.abs(Float.intBitsToFloat(bits));
      int code = 0;
      while (code <= largest && values[code + 1] <= magnitude) {
        code++;
      }
      if (code <= largest) {
        double middle = ((double) values[code] + values[code + 1]) / 2;
        code += magnitude > middle || magnitude == middle && code % 2 == 1 ? 1 : 0;
      }
      return (bits >>> 24 & 0x80) | (code > largest ? overflow : code);
    });
  }

  private interface Encoder {
    int bits(float value, FloatArray powers);
  }

  /** Floats all over the range, and the neighbours of every value that ends in 12 zero bits, which the middles between narrow values are among. */
  private static void check(String type, Encoder encoder, IntUnaryOperator expected) {
    for (int i = 0; i < SAMPLES; i++) {
      for (int near = -1; near <= 1; near++) {
        int bits = (i << 12) + near;
        float value = Float.intBitsToFloat(bits);
        if (!Float.isNaN(value)) {
          int got = encoder.bits(value, POWERS);
          int wanted = expected.applyAsInt(bits);
          if (got != wanted) {
            assertThat(got).as(type + " bits of " + value).isEqualTo(wanted);
          }
        }
      }
    }
  }

  @Test
  void notANumberStaysOne() {
    assertThat(Float.float16ToFloat((short) Elements.halfBits(Float.NaN, POWERS))).isNaN();
    assertThat(Float.intBitsToFloat(Elements.bfloatBits(Float.NaN, POWERS) << 16)).isNaN();
    assertThat(Float.float16ToFloat((short) (Elements.e5m2Bits(Float.NaN, POWERS) << 8))).isNaN();
    assertThat(Elements.e4m3Bits(Float.NaN, POWERS) & 0x7F).isEqualTo(0x7F);
  }

  private static float e4m3(int bits) {
    int exponent = bits >> 3 & 15;
    int mantissa = bits & 7;
    float magnitude = (bits & 127) == 127 ? Float.NaN : exponent == 0 ? Math.scalb((float) mantissa, -9) : Math.scalb(8f + mantissa, exponent - 10);
    return bits < 128 ? magnitude : -magnitude;
  }

  private static void assertSame(float got, float wanted, String type, int bits) {
    if (Float.floatToIntBits(got) != Float.floatToIntBits(wanted)) {
      assertThat(got).as(type + " 0x" + Integer.toHexString(bits)).isEqualTo(wanted);
    }
  }
}
