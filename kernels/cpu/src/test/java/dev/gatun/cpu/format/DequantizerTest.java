package dev.gatun.cpu.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.DType;
import dev.gatun.ShapeException;
import dev.gatun.tck.oracle.Formats;
import dev.gatun.tck.oracle.Inputs;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every value must be the F32 nearest to the float64 oracle's: the formulas allow it. */
class DequantizerTest {
  private static final float SENTINEL = -12345.5f;

  @ParameterizedTest
  @EnumSource(DType.class)
  void aRowOfAnyBitsIsTheNearestF32OfTheOracle(DType type) {
    for (int seed = 0; seed < 20; seed++) {
      int elements = 256 * 7;
      check(type, Inputs.elements(type, seed, elements), elements, 0, 0);
    }
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void bitsOfNonFiniteScalesGiveTheOraclesNaNAndInfinity(DType type) {
    byte[] bytes = new byte[(int) type.bytes(256 * 200)];
    new SplittableRandom(11).nextBytes(bytes);
    check(type, MemorySegment.ofArray(bytes), 256 * 200, 0, 0);
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F16", "BF16", "F8_E4M3", "F8_E5M2", "I8"})
  void everyBitPatternOfASmallTypeIsRight(DType type) {
    int patterns = 1 << (8 * type.blockBytes());
    MemorySegment all = MemorySegment.ofArray(new byte[patterns * type.blockBytes()]);
    for (int i = 0; i < patterns; i++) {
      for (int k = 0; k < type.blockBytes(); k++) {
        all.set(ValueLayout.JAVA_BYTE, (long) i * type.blockBytes() + k, (byte) (i >> (8 * k)));
      }
    }
    check(type, all, patterns, 0, 0);
  }

  @Property(tries = 300, seed = "20261122")
  void anyLengthAtAnyOffsetWritesItsRowAndNothingElse(@ForAll DType type, @ForAll @IntRange(max = 5) int units, @ForAll long seed,
      @ForAll @IntRange(max = 7) int srcOffset, @ForAll @IntRange(max = 7) int dstOffset) {
    int elements = units * type.blockSize();
    check(type, Inputs.elements(type, seed, elements), elements, srcOffset, dstOffset);
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"Q8_0", "Q4_0", "Q6_K", "MXFP4"})
  void aRowThatIsNoWholeNumberOfBlocksIsRefused(DType type) {
    MemorySegment memory = MemorySegment.ofArray(new byte[4096]);
    assertThatThrownBy(() -> Dequantizer.of(type).row(memory, 0, memory, 2048, type.blockSize() + 1)).isInstanceOf(ShapeException.class);
  }

  @Test
  void aRowPastTheEndOfEitherSideIsRefused() {
    MemorySegment source = MemorySegment.ofArray(new byte[68]);
    MemorySegment target = MemorySegment.ofArray(new byte[256]);
    Dequantizer.of(DType.Q8_0).row(source, 0, target, 0, 64);
    assertThatThrownBy(() -> Dequantizer.of(DType.Q8_0).row(source, 1, target, 0, 64))
        .isInstanceOf(ShapeException.class).hasMessageContaining("source").hasMessageContaining("68");
    assertThatThrownBy(() -> Dequantizer.of(DType.Q8_0).row(source, 0, target, 4, 64))
        .isInstanceOf(ShapeException.class).hasMessageContaining("destination");
    assertThatThrownBy(() -> Dequantizer.of(DType.Q8_0).row(source, -1, target, 0, 32)).isInstanceOf(ShapeException.class);
    assertThatThrownBy(() -> Dequantizer.of(DType.Q8_0).row(source, Long.MAX_VALUE, target, 0, 32)).isInstanceOf(ShapeException.class);
  }

  /** Runs from and to native memory with exactly the bytes needed, so that a read past the end throws, and a sentinel after the row. */
  private static void check(DType type, MemorySegment elements, int count, int srcOffset, int dstOffset) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment src = arena.allocate(srcOffset + elements.byteSize());
      src.asSlice(srcOffset).copyFrom(elements);
      MemorySegment dst = arena.allocate(dstOffset + 4L * count + 4);
      ValueLayout.OfFloat f32 = ValueLayout.JAVA_FLOAT_UNALIGNED;
      dst.set(f32, dstOffset + 4L * count, SENTINEL);
      Dequantizer.of(type).row(src, srcOffset, dst, dstOffset, count);
      double[] expected = Formats.decode(type, elements, 0, count);
      for (int i = 0; i < count; i++) {
        float actual = dst.get(f32, dstOffset + 4L * i);
        // Float.compare tells the zeros apart and holds every NaN equal.
        if (Float.compare(actual, (float) expected[i]) != 0) {
          assertThat(actual).as("%s element %d", type, i).isEqualTo((float) expected[i]);
        }
      }
      assertThat(dst.get(f32, dstOffset + 4L * count)).isEqualTo(SENTINEL);
    }
  }
}
