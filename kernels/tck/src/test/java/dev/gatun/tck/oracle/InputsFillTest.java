package dev.gatun.tck.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class InputsFillTest {
  private static final int BLOCKS = 4096;

  private static MemorySegment filled(DType type, long seed, int blocks) {
    MemorySegment out = MemorySegment.ofArray(new byte[blocks * type.blockBytes()]);
    Inputs.fill(type, seed, out);
    return out;
  }

  private static double[] values(DType type, MemorySegment bytes) {
    return Formats.decode(type, bytes, 0, bytes.byteSize() / type.blockBytes() * type.blockSize());
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void everyElementIsFiniteAndNoneIsHuge(DType type) {
    double largest = type == DType.F32 || type == DType.F16 || type == DType.BF16 ? 1 : type == DType.I32 ? 0x1p31 : type == DType.F8_E5M2 ? 57344 : 0x1p15;
    for (long seed = 0; seed < 3; seed++) {
      assertThat(Arrays.stream(values(type, filled(type, seed, BLOCKS)))).allMatch(value -> Math.abs(value) <= largest);
    }
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void theSameSeedGivesTheSameBytesAndAnotherSeedOthers(DType type) {
    byte[] bytes = filled(type, 5, BLOCKS).toArray(ValueLayout.JAVA_BYTE);
    assertThat(filled(type, 5, BLOCKS).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes);
    assertThat(filled(type, 6, BLOCKS).toArray(ValueLayout.JAVA_BYTE)).isNotEqualTo(bytes);
  }

  /** A report from another machine is comparable only as long as nobody changes these. */
  @Test
  void theBytesAreThoseOfEveryOtherMachine() {
    EnumSet<DType> later = EnumSet.of(DType.IQ4_XS, DType.TQ1_0, DType.TQ2_0);
    assertThat(sum(EnumSet.complementOf(later))).isEqualTo("18ab22e6");
    assertThat(sum(later)).isEqualTo("77179a33");
  }

  private static String sum(Set<DType> types) {
    CRC32C sum = new CRC32C();
    for (DType type : types) {
      sum.update(filled(type, 7, 100).toArray(ValueLayout.JAVA_BYTE));
    }
    return Long.toHexString(sum.getValue());
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void bothSignsAndManyMagnitudesTurnUp(DType type) {
    double[] values = values(type, filled(type, 8, BLOCKS));
    assertThat(Arrays.stream(values).filter(value -> value < 0).count()).isBetween(values.length / 5L, values.length * 4L / 5);
    assertThat(Arrays.stream(values).distinct().count()).isGreaterThan(type.isFloat() ? 500 : 15);
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"Q8_0", "Q4_0", "Q6_K", "F8_E5M2", "I8"})
  void everyCodeTurnsUp(DType type) {
    int[] seen = new int[256];
    byte[] bytes = filled(type, 9, BLOCKS).toArray(ValueLayout.JAVA_BYTE);
    for (int i = 0; i < bytes.length; i++) {
      // The scale of a small block comes first; in a large one it is two bytes of 210.
      if (type.blockSize() != 32 || i % type.blockBytes() >= 2) {
        seen[bytes[i] & 0xFF]++;
      }
    }
    // A random code whose exponent would be an infinity's has another instead.
    assertThat(Arrays.stream(seen).filter(count -> count > 0).count()).isEqualTo(type == DType.F8_E5M2 ? 128 : 256);
  }

  @Test
  void aSegmentOutsideTheHeapGetsTheSameBytes() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(33L * DType.Q5_0.blockBytes(), 1);
      Inputs.fill(DType.Q5_0, 4, out);
      assertThat(out.mismatch(filled(DType.Q5_0, 4, 33))).isEqualTo(-1);
    }
  }

  @Test
  void nothingIsFilledWithNothing() {
    assertThat(filled(DType.Q4_K, 1, 0).byteSize()).isZero();
  }
}
