package dev.gatun.decoder.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.DType;
import dev.gatun.tck.oracle.Formats;
import dev.gatun.tck.oracle.Nmse;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The IQ types with grids against ggml 0.18.0 (llama.cpp b10249), and what becomes of them when they are loaded. */
class GridBlockTest {
  private static final int BLOCKS = 64;

  /** The first eight bytes of the SHA-256 of what {@code dequantize_row_*} made of 64 random blocks. */
  @ParameterizedTest
  @CsvSource({
    "IQ1_S, 115, ea28a6285cc64fdd", "IQ1_M, 116, e15b14ce5af7beda", "IQ2_XXS, 117, 6646320c733a2f18", "IQ2_XS, 118, 5cea9a6dc9e9c601",
    "IQ2_S, 119, a1bbf09e3668f857", "IQ3_XXS, 120, 1950ae4305e0454e", "IQ3_S, 121, cbe29da3cbb9d054"})
  void blocksMeanWhatTheyMeanToGgml(GgufType type, long seed, String hash) throws NoSuchAlgorithmException {
    ByteBuffer floats = ByteBuffer.allocate(4 * BLOCKS * GridBlock.ELEMENTS).order(ByteOrder.LITTLE_ENDIAN);
    for (double value : values(type, blocks(type, seed))) {
      floats.putFloat((float) value);
    }
    assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(floats.array()), 0, 8)).isEqualTo(hash);
  }

  @ParameterizedTest
  @EnumSource(value = GgufType.class, names = {"IQ1_S", "IQ2_XXS", "IQ3_XXS", "IQ3_S"})
  void whereScalesAreSharedLoadingRoundsThemToF16AndNothingElse(GgufType type) {
    assertThat(nmse(type)).isLessThan(6e-8);
  }

  @ParameterizedTest
  @EnumSource(value = GgufType.class, names = {"IQ1_M", "IQ2_XS", "IQ2_S"})
  void whereScalesDifferLoadingRoundsToEightBits(GgufType type) {
    assertThat(nmse(type)).isBetween(1e-6, 4e-5);
  }

  @Test
  void everyOtherTypeIsLoadedAsItLies() {
    for (GgufType type : GgufType.values()) {
      assertThat(type.loadedAs()).as("%s", type).isEqualTo(GridBlock.reads(type) ? java.util.Optional.of(DType.Q8_0) : type.dtype());
    }
  }

  private static double nmse(GgufType type) {
    byte[] blocks = blocks(type, 7);
    MemorySegment loaded = GridExpansion.expand(type, MemorySegment.ofArray(blocks));
    return Nmse.of(values(type, blocks), Formats.decode(DType.Q8_0, loaded, 0, BLOCKS * GridBlock.ELEMENTS));
  }

  private static double[] values(GgufType type, byte[] blocks) {
    double[] values = new double[BLOCKS * GridBlock.ELEMENTS];
    GridBlock block = new GridBlock(type);
    for (int b = 0; b < BLOCKS; b++) {
      block.read(MemorySegment.ofArray(blocks), (long) b * type.blockBytes());
      for (int i = 0; i < GridBlock.ELEMENTS; i++) {
        values[b * GridBlock.ELEMENTS + i] = block.scales[i / 8] * block.codes[i];
      }
    }
    return values;
  }

  /** Knuth's linear congruential generator; scales below 2. */
  private static byte[] blocks(GgufType type, long seed) {
    byte[] bytes = new byte[BLOCKS * type.blockBytes()];
    long state = seed;
    for (int i = 0; i < bytes.length; i++) {
      state = state * 6364136223846793005L + 1442695040888963407L;
      bytes[i] = (byte) (state >>> 56);
    }
    for (int at = 0; at < bytes.length; at += type.blockBytes()) {
      bytes[at + (type == GgufType.IQ1_M ? 55 : 1)] &= (byte) 0xBF;
    }
    return bytes;
  }
}
