package dev.gatun.tck.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.gatun.DType;
import dev.gatun.ShapeException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Blocks written out by hand, after the layouts of llama.cpp's ggml-common.h; 3C00 is 1, 3800 is 0.5, 4000 is 2 in F16. */
class FormatsTest {
  @ParameterizedTest
  @CsvSource({
    "F32, 0000C03F, 1.5", "F32, 0100807F, NaN", "I32, FEFFFFFF, -2", "I8, 80, -128",
    "F16, 003C, 1", "F16, 0100, 5.960464477539063e-8", "F16, FF03, 6.097555160522461e-5", "F16, FF7B, 65504", "F16, 00FC, -Infinity",
    "F16, 017C, NaN",
    "BF16, 803F, 1", "BF16, 4940, 3.140625", "BF16, 0100, 9.183549615799121e-41", "BF16, 80FF, -Infinity", "BF16, C17F, NaN",
    "F8_E4M3, 38, 1", "F8_E4M3, 7E, 448", "F8_E4M3, 01, 0.001953125", "F8_E4M3, FE, -448", "F8_E4M3, 7F, NaN", "F8_E4M3, 78, 256",
    "F8_E5M2, 3C, 1", "F8_E5M2, 7B, 57344", "F8_E5M2, 01, 1.52587890625e-5", "F8_E5M2, FC, -Infinity", "F8_E5M2, 7D, NaN"})
  void aScalarsBitsMeanTheirValue(DType type, String hex, double value) {
    assertThat(Formats.decode(type, bytes(hex), 0, 1)).containsExactly(value);
  }

  @Test
  void q8IsScaleTimesSignedByte() {
    MemorySegment block = bytes("0038" + "01FF7F80" + "00".repeat(28));
    assertThat(Formats.decode(DType.Q8_0, block, 0, 32)).startsWith(0.5, -0.5, 63.5, -64, 0).hasSize(32);
  }

  @Test
  void q4HoldsItsSecondHalfInTheHighNibbles() {
    double[] values = Formats.decode(DType.Q4_0, bytes("0038" + "0F" + "F0" + "88".repeat(13) + "19"), 0, 32);
    assertThat(values).startsWith(3.5, -4, 0);
    assertThat(values[15]).isEqualTo(0.5);
    assertThat(values[16]).isEqualTo(-4);
    assertThat(values[17]).isEqualTo(3.5);
    assertThat(values[31]).isEqualTo(-3.5);
  }

  @Test
  void q4WithMinimumAddsIt() {
    double[] values = Formats.decode(DType.Q4_1, bytes("0038" + "00C0" + "3F" + "00".repeat(15)), 0, 32);
    assertThat(values).startsWith(5.5, -2);
    assertThat(values[16]).isEqualTo(-0.5);
  }

  @Test
  void q5TakesItsFifthBitFromTheWord() {
    // Bits 0, 17 and 31 of the word.
    String highBits = "01000280";
    double[] values = Formats.decode(DType.Q5_0, bytes("0040" + highBits + "12" + "34" + "00".repeat(13) + "F0"), 0, 32);
    assertThat(values).startsWith(4, -24, -32);
    assertThat(values[16]).isEqualTo(-30);
    assertThat(values[17]).isEqualTo(6);
    assertThat(values[31]).isEqualTo(30);
    double[] shifted = Formats.decode(DType.Q5_1, bytes("0040" + "003C" + highBits + "12" + "34" + "00".repeat(13) + "F0"), 0, 32);
    assertThat(shifted).startsWith(37, 9, 1);
    assertThat(shifted[17]).isEqualTo(39);
    assertThat(shifted[31]).isEqualTo(63);
  }

  @Test
  void iq4AndMxfp4LookTheirCodesUp() {
    String codes = "0123456789ABCDEF".repeat(2);
    double[] iq4 = Formats.decode(DType.IQ4_NL, bytes("003C" + codes), 0, 32);
    assertThat(iq4).startsWith(-104, -65, -35, -10, 13, 38, 69, 113);
    assertThat(iq4[16]).isEqualTo(-127);
    assertThat(iq4[23]).isEqualTo(89);
    double[] mxfp4 = Formats.decode(DType.MXFP4, bytes("80" + codes), 0, 32);
    assertThat(mxfp4).startsWith(1, 3, 6, 12, -1, -3, -6, -12);
    assertThat(mxfp4[16]).isZero();
    assertThat(mxfp4[18]).isEqualTo(4);
    assertThat(Formats.decode(DType.MXFP4, bytes("00" + codes), 0, 32)[0]).isEqualTo(0x1p-128);
    assertThat(Formats.decode(DType.MXFP4, bytes("FF" + codes), 0, 32)[0]).isEqualTo(0x1p127);
  }

  @Test
  void q2KHoldsScaleAndMinimumInOneByteAndFourQuartersInOneByte() {
    byte[] b = new byte[84];
    b[0] = 0x23;
    b[1] = 0x01;
    b[4] = 0x05;
    b[15] = (byte) 0xF1;
    b[16] = 0b00_10_00_11;
    b[16 + 16] = 0b01;
    b[16 + 63] = (byte) 0b11_000000;
    put(b, 80, 0x4000);
    put(b, 82, 0x3800);
    double[] values = Formats.decode(DType.Q2_K, MemorySegment.ofArray(b), 0, 256);
    assertThat(values[0]).isEqualTo(2 * 3 * 3 - 0.5 * 2);
    assertThat(values[1]).isEqualTo(-1);
    assertThat(values[16]).isEqualTo(2);
    assertThat(values[64]).isEqualTo(2 * 5 * 2);
    assertThat(values[255]).isEqualTo(2 * 3 - 0.5 * 15);
  }

  @Test
  void q3KAssemblesItsScalesFromThreeParts() {
    byte[] b = new byte[110];
    // Group 0: 1 | 2 << 4 = 33; group 9: 15 | 3 << 4 = 63; group 6: 0.
    b[96] = 0x01;
    b[97] = (byte) 0xF0;
    b[104] = 0b10;
    b[105] = 0b11_0000;
    b[32] = 0b11;
    b[0] = 0b0000_0001;
    b[32 + 32 + 16] = 0b01;
    b[16] = 0b0001_0000;
    put(b, 108, 0x3800);
    double[] values = Formats.decode(DType.Q3_K, MemorySegment.ofArray(b), 0, 256);
    assertThat(values[0]).isEqualTo(0.5 * 1 * 3);
    assertThat(values[1]).isEqualTo(0.5 * 1 * -4);
    assertThat(values[128 + 16]).isEqualTo(0.5 * 31 * 1);
    assertThat(values[128 + 17]).isEqualTo(0.5 * 31 * -4);
    assertThat(values[96]).isEqualTo(0.5 * -32 * -4);
  }

  @Test
  void q4KAndQ5KAssembleScaleAndMinimumFromThreeParts() {
    byte[] b = new byte[144];
    put(b, 0, 0x3C00);
    put(b, 2, 0x3800);
    // Group 0: scale 5 and minimum 6; group 4: scale 3 | 2 << 4 and minimum 9 | 1 << 4; group 7: scale 15.
    b[4] = (byte) (5 | 2 << 6);
    b[4 + 4] = (byte) (6 | 1 << 6);
    b[4 + 8] = (byte) (3 | 9 << 4);
    b[4 + 11] = 0x0F;
    b[16] = (byte) 0xF7;
    b[16 + 64] = 0x02;
    b[16 + 127] = (byte) 0xE0;
    double[] values = Formats.decode(DType.Q4_K, MemorySegment.ofArray(b), 0, 256);
    assertThat(values[0]).isEqualTo(5 * 7 - 0.5 * 6);
    assertThat(values[32]).isZero();
    assertThat(values[128]).isEqualTo(35 * 2 - 0.5 * 25);
    assertThat(values[255]).isEqualTo(15 * 14);

    byte[] c = new byte[176];
    System.arraycopy(b, 0, c, 0, 16);
    System.arraycopy(b, 16, c, 48, 128);
    c[16] = 0b0001_0000;
    c[16 + 31] = (byte) 0b1000_0000;
    double[] wider = Formats.decode(DType.Q5_K, MemorySegment.ofArray(c), 0, 256);
    assertThat(wider[0]).isEqualTo(5 * 7 - 0.5 * 6);
    assertThat(wider[128]).isEqualTo(35 * 18 - 0.5 * 25);
    assertThat(wider[255]).isEqualTo(15 * 30);
  }

  @Test
  void q6KJoinsFourLowAndTwoHighBits() {
    byte[] b = new byte[210];
    b[0] = 0x4F;
    b[32] = 0x12;
    b[64 + 63] = (byte) 0xB0;
    b[128] = (byte) 0b11_10_01_00;
    b[128 + 63] = (byte) 0b01_000000;
    b[192] = -3;
    b[192 + 2] = 1;
    b[192 + 4] = 2;
    b[192 + 6] = 127;
    b[192 + 15] = -128;
    put(b, 208, 0x3800);
    double[] values = Formats.decode(DType.Q6_K, MemorySegment.ofArray(b), 0, 256);
    assertThat(values[0]).isEqualTo(0.5 * -3 * (15 - 32));
    assertThat(values[32]).isEqualTo(0.5 * (2 + 16 - 32));
    assertThat(values[64]).isEqualTo(0.5 * 2 * (4 + 32 - 32));
    assertThat(values[96]).isEqualTo(0.5 * 127 * (1 + 48 - 32));
    assertThat(values[255]).isEqualTo(0.5 * -128 * (11 + 16 - 32));
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void encodingIsAsCloseAsTheTypesBitsAllow(DType type) {
    double[] values = Inputs.normal(5, 256 * 40, 3);
    double bound = switch (type) {
      case F32 -> 0;
      case F16 -> 1e-7;
      case BF16 -> 5e-6;
      case I8, I32 -> 1.5e-2;
      case F8_E4M3 -> 1e-3;
      case F8_E5M2 -> 4e-3;
      case Q8_0 -> 6e-5;
      case Q6_K -> 6e-4;
      case Q5_0, Q5_1, Q5_K -> 3e-3;
      case Q4_0, Q4_1, Q4_K, IQ4_NL, IQ4_XS -> 1.2e-2;
      case MXFP4 -> 2.5e-2;
      case Q3_K -> 4e-2;
      case Q2_K -> 0.15;
      case TQ1_0, TQ2_0 -> 1;
    };
    assertThat(Nmse.of(values, Formats.rounded(type, values))).isLessThanOrEqualTo(bound);
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void zerosStayZeros(DType type) {
    for (double value : Formats.rounded(type, new double[256])) {
      assertThat(value).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, mode = EnumSource.Mode.MATCH_ALL, names = ".*Q.*")
  void aBlockWithAValueThatIsNotFiniteIsSeen(DType type) {
    double[] values = Inputs.uniform(3, 2 * type.blockSize());
    values[type.blockSize() - 1] = Double.NEGATIVE_INFINITY;
    double[] stored = Formats.rounded(type, values);
    assertThat(stored[0]).isNaN();
    assertThat(stored[type.blockSize()]).isCloseTo(values[type.blockSize()], offset(0.6));
  }

  @Test
  void mxfp4RefusesWhatItCannotHold() {
    double[] values = new double[32];
    values[9] = Double.NaN;
    assertThatThrownBy(() -> Formats.encoded(DType.MXFP4, values)).isInstanceOf(ShapeException.class).hasMessageContaining("NaN");
  }

  @ParameterizedTest
  @CsvSource({
    "F16, 65520, Infinity", "F16, 65519.99, 65504", "F16, 1.00048828125, 1", "F16, 1.00146484375, 1.001953125", "F16, 2.9e-8, 0",
    "F16, 2.98023223876953125e-8, 0", "F16, 2.99e-8, 5.960464477539063e-8", "BF16, 1.00390625, 1", "BF16, 1.01171875, 1.015625",
    "F8_E4M3, Infinity, 448", "F8_E4M3, -1e300, -448", "F8_E4M3, 17, 16", "F8_E4M3, 19, 20", "F8_E4M3, 0.0009765625, 0",
    "F8_E4M3, NaN, NaN", "F8_E5M2, 61440, Infinity", "F8_E5M2, 61439, 57344", "F8_E5M2, 1.125, 1", "F8_E5M2, NaN, NaN",
    "F32, 16777217, 16777216", "I8, 2.5, 2", "I8, -500, -128", "I32, 3e9, 2147483647", "I32, NaN, 0"})
  void scalarsRoundToNearestEven(DType type, double value, double stored) {
    assertThat(Formats.rounded(type, value)).containsExactly(stored);
  }

  @Property(tries = 300, seed = "20261122")
  void aValueThatTheScalarTypeHoldsIsKept(@ForAll long seed) {
    for (DType type : DType.values()) {
      if (!type.isBlock()) {
        MemorySegment bits = Inputs.elements(type, seed, 64);
        byte[] again = Formats.encoded(type, Formats.decode(type, bits, 0, 64)).toArray(ValueLayout.JAVA_BYTE);
        assertThat(again).as("%s", type).isEqualTo(bits.toArray(ValueLayout.JAVA_BYTE));
      }
    }
  }

  @Property(tries = 100, seed = "20261122")
  void aRowMayLieAnywhereInItsSegment(@ForAll DType type, @ForAll long seed, @ForAll @IntRange(max = 9) int offset) {
    double[] values = Inputs.normal(seed, 512, 1);
    byte[] memory = new byte[offset + (int) type.bytes(512) + 3];
    Formats.encode(type, values, MemorySegment.ofArray(memory), offset);
    assertThat(Formats.decode(type, MemorySegment.ofArray(memory), offset, 512)).isEqualTo(Formats.rounded(type, values));
    assertThat(memory).endsWith(0, 0, 0);
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void randomElementsAreFiniteAndBounded(DType type) {
    double limit = type == DType.I32 ? 0x1p31 : 0x1p12;
    for (double value : Formats.decode(type, Inputs.elements(type, 8, 4096), 0, 4096)) {
      assertThat(value).isBetween(-limit, limit);
    }
  }

  @Test
  void aRangeThatDoesNotFitIsRefused() {
    MemorySegment data = MemorySegment.ofArray(new byte[34]);
    assertThatThrownBy(() -> Formats.decode(DType.Q8_0, data, 0, 33)).isInstanceOf(ShapeException.class);
    assertThatThrownBy(() -> Formats.decode(DType.Q8_0, data, 1, 32)).isInstanceOf(ShapeException.class).hasMessageContaining("34");
    assertThatThrownBy(() -> Formats.decode(DType.F32, data, -1, 1)).isInstanceOf(ShapeException.class);
    assertThatThrownBy(() -> Formats.decode(DType.I8, data, 0, 1L << 33)).isInstanceOf(ShapeException.class);
  }

  private static void put(byte[] block, int offset, int f16) {
    block[offset] = (byte) f16;
    block[offset + 1] = (byte) (f16 >> 8);
  }

  private static MemorySegment bytes(String hex) {
    return MemorySegment.ofArray(HexFormat.of().parseHex(hex));
  }
}
