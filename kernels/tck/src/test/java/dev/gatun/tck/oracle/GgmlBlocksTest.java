package dev.gatun.tck.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The oracle against ggml 0.18.0 (llama.cpp b10249): the first eight bytes of the SHA-256 of what its {@code dequantize_row_*} made of 64 random blocks, and
 * of what its {@code quantize_row_*_ref} made of 16384 numbers.
 */
class GgmlBlocksTest {
  private static final int BLOCKS = 64;
  private static final int NUMBERS = 256 * 64;

  @ParameterizedTest
  @CsvSource({
    "Q8_0, 100, d2ed2afdfa4284e0", "Q4_0, 101, a9e8857dbd7dfb56", "Q4_1, 102, 99fbb0d0bdbcf7db", "Q5_0, 103, 3455f1679aa330d1",
    "Q5_1, 104, d5f17869376da0ad", "Q2_K, 105, 484bf4baf01fb214", "Q3_K, 106, ab48a87fac8f8af4", "Q4_K, 107, 356beefe78aa5aa3",
    "Q5_K, 108, 8f71812a1763ebb2", "Q6_K, 109, 0a13d75865ab6bda", "IQ4_XS, 110, a87843cb9a701231", "TQ1_0, 111, efac0dad99473318",
    "TQ2_0, 112, c221e246af2ee71a", "IQ4_NL, 113, c183081bf233d0ca", "MXFP4, 114, 2e2ea27550425acd"})
  void blocksMeanWhatTheyMeanToGgml(DType type, long seed, String hash) {
    int size = type.blockBytes();
    byte[] bytes = new byte[BLOCKS * size];
    Numbers numbers = new Numbers(seed);
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (numbers.next() >>> 23);
    }
    for (int at = 0; at < bytes.length; at += size) {
      switch (type) {
        case Q4_1, Q5_1, Q4_K, Q5_K -> {
          tame(bytes, at);
          tame(bytes, at + 2);
        }
        case Q2_K -> {
          tame(bytes, at + 80);
          tame(bytes, at + 82);
        }
        case Q3_K, Q6_K, TQ1_0, TQ2_0 -> tame(bytes, at + size - 2);
        case MXFP4 -> bytes[at] = (byte) (100 + (bytes[at] & 31));
        default -> tame(bytes, at);
      }
    }
    double[] values = Formats.decode(type, MemorySegment.ofArray(bytes), 0, BLOCKS * type.blockSize());
    ByteBuffer floats = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (double value : values) {
      floats.putFloat((float) value);
    }
    assertThat(hash(floats.array())).isEqualTo(hash);
  }

  @ParameterizedTest
  @CsvSource({
    "Q8_0, NEAR, 3d0d907f99ddf74a", "Q8_0, CUBED, b44a3c1744c3e881", "Q8_0, FLAT, c072a37b4349a8f3",
    "Q4_0, NEAR, c21bb5552826d543", "Q4_0, CUBED, 2d17f6681f7e79ac", "Q4_0, FLAT, 5480a4b253a52a52",
    "Q4_1, NEAR, 2ee3313298d75ba0", "Q4_1, CUBED, bfbf0748d58e0fe7", "Q4_1, FLAT, 614086b166a8d0d3",
    "Q5_0, NEAR, 853608e651fc2e99", "Q5_0, CUBED, 94fe2175f01e8377", "Q5_0, FLAT, f3e3e956cc0b6231",
    "Q5_1, NEAR, 56cce9eac39dc2ad", "Q5_1, CUBED, 65acad5ab1c620c3", "Q5_1, FLAT, fb4be2e4f43ebf84",
    "TQ1_0, NEAR, 19e3321af43d9801", "TQ1_0, CUBED, c31cdc774f38d5ec", "TQ1_0, FLAT, b5cce5359e10df1c",
    "TQ2_0, NEAR, 56dd0d1f8e11d9a5", "TQ2_0, CUBED, f5dc46d5b7d5c1c8", "TQ2_0, FLAT, 3f476e8194de6d1a"})
  void roundingByOneFormulaGivesGgmlsBytes(DType type, Shape shape, String hash) {
    double[] values = shape.numbers();
    assertThat(hash(Formats.encoded(type, values).toArray(ValueLayout.JAVA_BYTE))).isEqualTo(hash);
  }

  /** How numbers are spread. */
  private enum Shape {
    NEAR,
    CUBED,
    FLAT;

    double[] numbers() {
      Numbers numbers = new Numbers(this == FLAT ? 2 : 1);
      double[] values = new double[NUMBERS];
      for (int i = 0; i < NUMBERS; i++) {
        double near = this == FLAT ? 0 : numbers.near();
        values[i] = (float) (this == FLAT ? (numbers.next() >>> 7) * 0x1p-23 - 1 : this == NEAR ? near : near * near * near);
      }
      return values;
    }
  }

  /** Knuth's linear congruential generator, the upper 31 bits of 64. */
  private static final class Numbers {
    private long state;

    Numbers(long seed) {
      state = seed;
    }

    long next() {
      state = state * 6364136223846793005L + 1442695040888963407L;
      return state >>> 33;
    }

    /** The sum of four: about as normal numbers are. */
    double near() {
      long sum = 0;
      for (int i = 0; i < 4; i++) {
        sum += next() >>> 11;
      }
      return (sum - (1 << 21)) * 0x1p-20;
    }
  }

  /** An F16 below 2. */
  private static void tame(byte[] bytes, int at) {
    bytes[at + 1] &= (byte) 0xBF;
  }

  private static String hash(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes), 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
