package dev.gatun.tornado.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

class ArraysTest {
  private static final long HEADER = TornadoNativeArray.ARRAY_HEADER;

  @Test
  void elementsLieBehindTheHeader() {
    FloatArray floats = FloatArray.fromElements(1, 2, 3.5f);
    assertThat(floats.getSegmentWithHeader().byteSize()).isEqualTo(HEADER + 12).isEqualTo(floats.getNumBytesOfSegmentWithHeader());
    assertThat(floats.getNumBytesOfSegment()).isEqualTo(12).isEqualTo(floats.getSegment().byteSize());
    assertThat(floats.getSegmentWithHeader().get(ValueLayout.JAVA_FLOAT, HEADER + 8)).isEqualTo(3.5f);
    assertThat(floats.getSegment().get(ValueLayout.JAVA_FLOAT, 4)).isEqualTo(2);
    assertThat(floats.toHeapArray()).containsExactly(1, 2, 3.5f);
  }

  @Test
  void theHeaderHoldsTheNumberOfElements() {
    for (TornadoNativeArray array : List.of(new FloatArray(5), new IntArray(5), new ByteArray(5), new ShortArray(5),
        new HalfFloatArray(5))) {
      assertThat(array.getSize()).isEqualTo(5);
      assertThat(array.getSegmentWithHeader().get(ValueLayout.JAVA_INT, 0)).isEqualTo(5);
      assertThat(array.getNumBytesOfSegment()).isEqualTo(5L * array.getElementSize());
    }
  }

  @Test
  void whatIsSetIsGotten() {
    IntArray ints = new IntArray(2);
    ints.set(1, -7);
    assertThat(ints.toHeapArray()).containsExactly(0, -7);
    ByteArray bytes = ByteArray.fromElements((byte) 1, (byte) -1);
    bytes.set(0, (byte) 9);
    assertThat(bytes.toHeapArray()).containsExactly(9, -1);
    ShortArray shorts = new ShortArray(3);
    shorts.init((short) 4);
    shorts.set(2, (short) 5);
    assertThat(shorts.toHeapArray()).containsExactly((short) 4, (short) 4, (short) 5);
    shorts.clear();
    assertThat(shorts.get(2)).isZero();
    HalfFloatArray halves = new HalfFloatArray(2);
    halves.set(1, new HalfFloat(0.1f));
    assertThat(halves.get(1).getFloat32()).isEqualTo(Float.float16ToFloat(Float.floatToFloat16(0.1f)));
    assertThat(halves.get(0).getHalfFloatValue()).isZero();
  }

  @Test
  void everyNanIsStoredAsTheSameBits() {
    FloatArray floats = new FloatArray(4);
    int[] nans = {0x7FC00000, 0xFFC00000, 0x7F800001, 0xFFFFFFFF};
    for (int i = 0; i < nans.length; i++) {
      floats.set(i, Float.intBitsToFloat(nans[i]));
      assertThat(floats.getSegment().getAtIndex(ValueLayout.JAVA_INT, i)).isEqualTo(0x7FC00000);
    }
    floats.set(0, -0f);
    assertThat(floats.getSegment().get(ValueLayout.JAVA_INT, 0)).isEqualTo(0x80000000);
  }

  @Test
  void anArrayOverASegmentSharesItAndWritesItsHeader() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocate(HEADER + 8, 8);
      segment.set(ValueLayout.JAVA_INT, HEADER + 4, 42);
      IntArray shallow = IntArray.fromSegmentShallow(segment);
      assertThat(shallow.getSize()).isEqualTo(2);
      assertThat(shallow.get(1)).isEqualTo(42);
      shallow.set(0, 41);
      assertThat(segment.get(ValueLayout.JAVA_INT, HEADER)).isEqualTo(41);
      assertThat(segment.get(ValueLayout.JAVA_INT, 0)).isEqualTo(2);
      assertThat(ByteArray.fromSegmentShallow(segment).getSize()).isEqualTo(8);

      IntArray copy = IntArray.fromSegment(segment.asSlice(HEADER));
      copy.set(0, 1);
      assertThat(copy.get(1)).isEqualTo(42);
      assertThat(shallow.get(0)).isEqualTo(41);
      assertThatThrownBy(() -> IntArray.fromSegmentShallow(segment.asSlice(0, HEADER + 7))).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void anIndexBesideTheArrayIsRefused() {
    FloatArray floats = new FloatArray(3);
    assertThatThrownBy(() -> floats.get(3)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> floats.get(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> new ByteArray(1).set(1, (byte) 0)).isInstanceOf(IndexOutOfBoundsException.class);
  }
}
