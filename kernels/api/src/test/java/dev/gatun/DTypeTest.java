package dev.gatun;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class DTypeTest {
  /** Bits per weight as llama.cpp states them for the types of GGUF. */
  @ParameterizedTest
  @CsvSource({
    "F32, 32", "F16, 16", "BF16, 16", "I8, 8", "I32, 32", "F8_E4M3, 8", "F8_E5M2, 8", "Q8_0, 8.5", "Q4_0, 4.5", "Q4_1, 5", "Q5_0, 5.5",
    "Q5_1, 6", "Q2_K, 2.625", "Q3_K, 3.4375", "Q4_K, 4.5", "Q5_K, 5.5", "Q6_K, 6.5625", "IQ4_NL, 4.5", "MXFP4, 4.25", "IQ4_XS, 4.25", "TQ1_0, 1.6875", "TQ2_0, 2.0625"})
  void aWeightTakesTheStatedBits(DType type, double bits) {
    assertThat(8.0 * type.blockBytes() / type.blockSize()).isEqualTo(bits);
  }

  @Property(tries = 2000, seed = "20261122")
  void bytesIsTheExactProductOrARefusal(@ForAll DType type, @ForAll @LongRange(min = Long.MIN_VALUE) long elements) {
    BigInteger exact = BigInteger.valueOf(elements / type.blockSize()).multiply(BigInteger.valueOf(type.blockBytes()));
    if (elements >= 0 && elements % type.blockSize() == 0 && exact.bitLength() < 64) {
      assertThat(type.bytes(elements)).isEqualTo(exact.longValueExact());
    } else {
      assertThatThrownBy(() -> type.bytes(elements)).isInstanceOf(ShapeException.class)
          .hasMessageContaining(type.name()).hasMessageContaining(Long.toString(elements));
    }
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void theLastCountThatFitsIsCountedAndTheNextIsRefused(DType type) {
    long blocks = Math.min(Long.MAX_VALUE / type.blockBytes(), Long.MAX_VALUE / type.blockSize());
    assertThat(type.bytes(blocks * type.blockSize())).isEqualTo(blocks * type.blockBytes());
    if (type.blockBytes() > type.blockSize()) {
      assertThatThrownBy(() -> type.bytes((blocks + 1) * type.blockSize())).isInstanceOf(ShapeException.class);
    }
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void aTypeIsFoundByItsLabelAndItsName(DType type) {
    assertThat(DType.of(type.label())).contains(type);
    assertThat(DType.of(type.name())).contains(type);
  }

  @Test
  void anUnknownNameIsNoType() {
    assertThat(DType.of("q9_9")).isEmpty();
    assertThat(DType.of("")).isEmpty();
  }
}
