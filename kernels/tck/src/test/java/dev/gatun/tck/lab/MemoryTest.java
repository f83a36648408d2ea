package dev.gatun.tck.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.DType;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Host;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MemoryTest {
  private final Memory memory = new Memory();

  @AfterEach
  void close() {
    memory.close();
  }

  private static MemorySegment bytes(Tensor tensor) {
    return Host.buffers().memory(tensor);
  }

  private static void flip(Tensor tensor, long at) {
    byte before = bytes(tensor).get(ValueLayout.JAVA_BYTE, at);
    bytes(tensor).set(ValueLayout.JAVA_BYTE, at, (byte) (before ^ 1));
  }

  private static Memory.Written all(Tensor tensor) {
    return new Memory.Written(tensor, Math.toIntExact(tensor.size(0)));
  }

  @Test
  void everyFloatIsNanAndEveryIntegerNegativeUntilItIsWritten() {
    for (Placement placement : Placement.values()) {
      for (DType type : new DType[] {DType.F32, DType.F16, DType.BF16}) {
        assertThat(Elements.all(Host.buffers(), memory.place(type, placement, 3, 5))).containsOnly(Double.NaN);
      }
      assertThat(Arrays.stream(Elements.all(Host.buffers(), memory.place(DType.I32, placement, 3, 5)))).allMatch(v -> v < 0);
    }
  }

  @Test
  void areasHavePoisonOfTheirOwn() {
    Tensor one = memory.place(DType.F32, Placement.PACKED, 4);
    Tensor other = memory.place(DType.F32, Placement.PACKED, 4);
    assertThat(bytes(one).mismatch(bytes(other))).isNotNegative();
  }

  @Test
  void aByteBesideAnOutputIsFound() {
    for (Placement placement : Placement.values()) {
      Tensor y = memory.place(DType.F32, placement, 3, 5);
      memory.remember(List.of(y));
      assertThat(memory.stray(List.of(all(y)))).isEmpty();
      for (long at : new long[] {0, y.offset() - 1, y.offset() + y.bytes(), bytes(y).byteSize() - 1}) {
        flip(y, at);
        assertThat(memory.stray(List.of(all(y)))).get().satisfies(found -> assertThat(found[1]).isEqualTo(at));
        flip(y, at);
      }
      assertThat(memory.stray(List.of(all(y)))).isEmpty();
    }
  }

  @Test
  void aByteBetweenTheRowsOfAnOutputIsFound() {
    Tensor y = memory.place(DType.F16, Placement.STRIDED, 3, 5);
    memory.remember(List.of(y));
    long gap = y.offset() + DType.F16.bytes(5);
    flip(y, gap);
    assertThat(memory.stray(List.of(all(y)))).get().satisfies(found -> assertThat(found[1]).isEqualTo(gap));
  }

  @Test
  void anOutputMayBeWrittenUpToItsCountAndNoFurther() {
    Tensor y = memory.place(DType.F32, Placement.PACKED, 4, 3);
    memory.remember(List.of(y));
    Elements.write(Host.buffers(), y, 1, 2, 3, 4, 5, 6);
    assertThat(memory.stray(List.of(new Memory.Written(y, 2)))).isEmpty();
    assertThat(memory.stray(List.of(new Memory.Written(y, 1)))).isPresent();
  }

  @Test
  void anyByteOfAnInputIsFound() {
    Tensor x = memory.place(DType.F32, Placement.SHIFTED, 2, 3);
    Tensor y = memory.place(DType.F32, Placement.PACKED, 2, 3);
    memory.remember(List.of(y));
    flip(x, x.offset() + 5);
    assertThat(memory.stray(List.of(all(y)))).get().satisfies(found -> {
      assertThat(found[0]).isEqualTo(memory.indexOf(x.buffer()));
      assertThat(found[1]).isEqualTo(x.offset() + 5);
    });
  }

  @Test
  void anAreaTooLargeToCopyIsRememberedByItsSum() {
    Tensor x = memory.place(DType.F32, Placement.PACKED, 65, 1 << 18);
    Tensor y = memory.place(DType.F32, Placement.PACKED, 1);
    memory.remember(List.of(y));
    assertThat(memory.stray(List.of(all(y)))).isEmpty();
    for (long at : new long[] {3, x.offset() + (1L << 20) + 1, bytes(x).byteSize() - 1}) {
      flip(x, at);
      assertThat(memory.stray(List.of(all(y)))).get().satisfies(found -> assertThat(found[0]).isEqualTo(memory.indexOf(x.buffer())));
      flip(x, at);
    }
    assertThat(memory.stray(List.of(all(y)))).isEmpty();
  }

  @Test
  void restoringGivesAnOutputTheContentsThatWereRemembered() {
    Tensor x = memory.place(DType.F32, Placement.STRIDED, 2, 3);
    Elements.write(Host.buffers(), x, 1, 2, 3, 4, 5, 6);
    memory.remember(List.of(x));
    Elements.write(Host.buffers(), x, 7, 7, 7, 7, 7, 7);
    memory.restore();
    assertThat(Elements.all(Host.buffers(), x)).containsExactly(1, 2, 3, 4, 5, 6);
  }

  @Test
  void poisonIsLaidOverTheRowsAndLeavesTheGaps() {
    Tensor y = memory.place(DType.F32, Placement.STRIDED, 3, 5);
    MemorySegment fresh = MemorySegment.ofArray(bytes(y).toArray(ValueLayout.JAVA_BYTE));
    Elements.write(Host.buffers(), y, new double[15]);
    long gap = y.offset() + DType.F32.bytes(5);
    flip(y, gap);
    memory.poison(y, 2);
    double[] values = Elements.all(Host.buffers(), y);
    assertThat(Arrays.copyOf(values, 10)).containsOnly(Double.NaN);
    assertThat(Arrays.copyOfRange(values, 10, 15)).containsOnly(0);
    flip(y, gap);
    memory.poison(y, 3);
    assertThat(bytes(y).mismatch(fresh)).isNegative();
  }

  @Test
  void bitsAreThoseOfTheRowsAlone() {
    Tensor y = memory.place(DType.F32, Placement.STRIDED, 3, 2);
    Elements.write(Host.buffers(), y, 1, 2, 3, 4, 5, 6);
    assertThat(memory.bits(y, 2).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED)).containsExactly(1, 2, 3, 4);
    assertThat(memory.bits(y.slice(0, 1, 2), 1).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED)).containsExactly(3, 4);
  }
}
