package dev.gatun;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class TensorTest {
  private static Tensor f32(long... shape) {
    return Tensor.ofHost(Arena.ofAuto().allocate(4 * Math.max(1, Shape.of(shape).elements())), DType.F32, shape);
  }

  private static Tensor q4(long rows, long columns) {
    return Tensor.ofHost(Arena.ofAuto().allocate(DType.Q4_0.bytes(rows * columns)), DType.Q4_0, rows, columns);
  }

  private static void refused(Runnable call, String... parts) {
    assertThatThrownBy(call::run).isInstanceOf(ShapeException.class).message().contains(parts);
  }

  @Test
  void aSliceIsAViewOfTheSameMemory() {
    Tensor t = f32(4, 6);
    Tensor rows = t.slice(0, 1, 3);
    assertThat(rows.offset()).isEqualTo(24);
    assertThat(rows.shape()).isEqualTo(Shape.of(2, 6));
    assertThat(rows.isContiguous()).isTrue();
    Tensor columns = t.slice(-1, 2, 5);
    assertThat(columns.offset()).isEqualTo(8);
    assertThat(columns.strides()).containsExactly(6, 1);
    assertThat(columns.isContiguous()).isFalse();
    assertThat(columns.bytes()).isEqualTo(4 * (3 * 6 + 3));
    assertThat(columns).hasToString("f32[4,3]/strides[6,1]");
    assertThat(t.slice(0, 4, 4).shape()).isEqualTo(Shape.of(0, 6));
    assertThat(t.slice(0, 4, 4).bytes()).isZero();
  }

  @Test
  void columnsOfNoRowsNeedNoMemory() {
    Tensor columns = f32(0, 6).slice(1, 4, 6);
    assertThat(columns.shape()).isEqualTo(Shape.of(0, 2));
    assertThat(columns.bytes()).isZero();
  }

  @Test
  void aSliceOfBlocksStartsOnABlock() {
    Tensor t = q4(3, 96);
    assertThat(t.slice(0, 1, 2).offset()).isEqualTo(54);
    assertThat(t.slice(1, 32, 96).offset()).isEqualTo(18);
    assertThat(t.slice(1, 32, 96).bytes()).isEqualTo(54 * 2 + 36);
    refused(() -> t.slice(1, 16, 48), "block of 32", "16");
    refused(() -> t.slice(1, 32, 50), "blocks of 32");
  }

  @Test
  void slicesOutsideTheShapeAreRefused() {
    Tensor t = f32(4, 6);
    refused(() -> t.slice(0, 0, 5), "[0, 5)", "f32[4,6]");
    refused(() -> t.slice(0, -1, 2), "[-1, 2)");
    refused(() -> t.slice(0, 3, 2), "[3, 2)");
    refused(() -> t.slice(2, 0, 1), "dimension 2");
    refused(() -> t.slice(-3, 0, 1), "dimension -3");
  }

  @Test
  void reshapeKeepsElementsAndNeedsThemWithoutGaps() {
    Tensor t = f32(4, 6);
    assertThat(t.reshape(4, 2, 3).strides()).containsExactly(6, 3, 1);
    assertThat(t.slice(0, 1, 3).reshape(12).offset()).isEqualTo(24);
    refused(() -> t.reshape(5, 5), "[5,5]", "element count");
    refused(() -> t.slice(1, 0, 3).reshape(12), "not contiguous");
    Tensor counted = t.withCount(Tensor.ofHost(MemorySegment.ofArray(new int[1]), DType.I32, 1));
    assertThat(counted.reshape(4, 2, 3).count()).isPresent();
    refused(() -> counted.reshape(24), "varies");
    assertThat(counted.slice(0, 0, 2).count()).isEmpty();
    assertThat(counted.slice(1, 0, 2).count()).isPresent();
    assertThat(counted.withoutCount().count()).isEmpty();
    assertThat(counted).hasToString("f32[<=4,6]");
  }

  @Test
  void emptyTensorsAreContiguousAndOverlapNothing() {
    for (Tensor empty : new Tensor[] {f32(0, 5), f32(5, 0), f32(2, 0, 3), f32(0)}) {
      assertThat(empty.isContiguous()).as(empty.toString()).isTrue();
      assertThat(empty.toString()).doesNotContain("strides");
      assertThat(empty.bytes()).isZero();
      assertThat(empty.overlaps(empty)).isFalse();
      assertThat(empty.reshape(7, 0)).hasToString("f32[7,0]");
    }
  }

  @Test
  void viewsMustFitTheirStorage() {
    Buffer buffer = Buffer.ofHost(MemorySegment.ofArray(new byte[100]));
    assertThat(Tensor.of(buffer, 4, DType.F32, Shape.of(24)).bytes()).isEqualTo(96);
    refused(() -> Tensor.of(buffer, 8, DType.F32, Shape.of(24)), "byte 8", "96 bytes", "100");
    refused(() -> Tensor.of(buffer, -4, DType.F32, Shape.of(2)), "byte -4");
    refused(() -> Tensor.of(buffer, 0, DType.F32, Shape.of(2, 2), 30, 1), "128 bytes");
    refused(() -> Tensor.of(buffer, 0, DType.F32, Shape.of(2, 2), -2, 1), "negative stride");
    refused(() -> Tensor.of(buffer, 0, DType.F32, Shape.of(2, 2), 1), "1 strides");
    refused(() -> Tensor.of(buffer, 0, DType.F32, Shape.of(2, 2), Long.MAX_VALUE, Long.MAX_VALUE), "overflow");
    refused(() -> Tensor.of(buffer, 0, DType.Q4_0, Shape.of(1, 33)), "blocks of 32");
    refused(() -> Tensor.of(buffer, 0, DType.Q4_0, Shape.of(2, 32), 40, 1), "block of 32");
    refused(() -> Tensor.of(buffer, 0, DType.Q4_0, Shape.of(1, 32), 32, 2), "contiguous blocks");
    refused(() -> Tensor.ofHost(MemorySegment.ofArray(new byte[3]), DType.F32, 1), "4 bytes");
  }

  @Test
  void aCountIsOneInteger() {
    refused(() -> f32(2).withCount(f32(1)), "one I32");
    refused(() -> f32(2).withCount(Tensor.ofHost(MemorySegment.ofArray(new int[2]), DType.I32, 2)), "one I32");
  }

  @Test
  void overlapIsSharedMemoryHoweverItWasReached() {
    Tensor t = f32(4, 6);
    assertThat(t.overlaps(t.slice(0, 3, 4))).isTrue();
    assertThat(t.slice(0, 0, 2).overlaps(t.slice(0, 2, 4))).isFalse();
    assertThat(t.slice(0, 0, 3).overlaps(t.slice(0, 2, 4))).isTrue();
    assertThat(t.isSameView(t.slice(0, 0, 4))).isTrue();
    assertThat(t.isSameView(t.reshape(6, 4))).isFalse();
    assertThat(t.overlaps(f32(4, 6))).isFalse();
    MemorySegment nativeBytes = Arena.ofAuto().allocate(64);
    assertThat(Tensor.ofHost(nativeBytes, DType.F32, 8).overlaps(Tensor.ofHost(nativeBytes.asSlice(28), DType.F32, 2))).isTrue();
    assertThat(Tensor.ofHost(nativeBytes, DType.F32, 8).overlaps(Tensor.ofHost(nativeBytes.asSlice(32), DType.F32, 2))).isFalse();
    MemorySegment heap = MemorySegment.ofArray(new float[16]);
    assertThat(Tensor.ofHost(heap, DType.F32, 8).overlaps(Tensor.ofHost(heap.asSlice(28), DType.F32, 2))).isTrue();
    assertThat(Tensor.ofHost(heap, DType.F32, 8).overlaps(Tensor.ofHost(heap.asSlice(32), DType.F32, 2))).isFalse();
  }

  @Test
  void aLayoutOfABackendsOwnIsNotTakenApart() {
    Tensor packed = Tensor.ofLayout(f32(4, 8).storage(), 0, DType.F32, Shape.of(4, 8), "packed");
    assertThat(packed.isPlain()).isFalse();
    assertThat(packed).hasToString("f32[4,8]/packed");
    refused(() -> packed.slice(0, 0, 1), "slice", "packed");
    refused(() -> packed.reshape(32), "reshape", "packed");
  }
}
