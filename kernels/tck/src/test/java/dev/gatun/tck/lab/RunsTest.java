package dev.gatun.tck.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.Shape;
import dev.gatun.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RunsTest {
  private static Tensor tensor(DType type, long offset, long[] shape, long... strides) {
    return Tensor.of(Buffer.ofHost(MemorySegment.ofArray(new byte[1 << 14])), offset, type, Shape.of(shape), strides);
  }

  private static List<List<Long>> runs(Tensor tensor, int rows) {
    List<List<Long>> runs = new ArrayList<>();
    Runs.of(tensor, rows, (from, to) -> runs.add(List.of(from, to)));
    return runs;
  }

  @Test
  void aPackedTensorIsOnePiece() {
    assertThat(runs(tensor(DType.F32, 16, new long[] {3, 4, 5}, 20, 5, 1), 3)).containsExactly(List.of(16L, 16L + 240));
    assertThat(runs(tensor(DType.F32, 16, new long[] {3, 4, 5}, 20, 5, 1), 2)).containsExactly(List.of(16L, 16L + 160));
  }

  @Test
  void aGapAfterEachRowBreaksIt() {
    assertThat(runs(tensor(DType.F16, 8, new long[] {3, 5}, 9, 1), 3)).containsExactly(List.of(8L, 18L), List.of(26L, 36L),
        List.of(44L, 54L));
  }

  @Test
  void aGapFurtherOutLeavesInnerRowsTogether() {
    assertThat(runs(tensor(DType.F32, 0, new long[] {2, 3, 2}, 10, 2, 1), 2)).containsExactly(List.of(0L, 24L), List.of(40L, 64L));
  }

  @Test
  void transposedElementsStandAlone() {
    assertThat(runs(tensor(DType.F32, 0, new long[] {2, 3}, 1, 2), 2)).containsExactly(List.of(0L, 4L), List.of(8L, 12L), List.of(16L, 20L),
        List.of(4L, 8L), List.of(12L, 16L), List.of(20L, 24L));
  }

  @Test
  void aStrideAlongOneElementDoesNotMatter() {
    assertThat(runs(tensor(DType.F32, 0, new long[] {1, 4}, 77, 1), 1)).containsExactly(List.of(0L, 16L));
  }

  @Test
  void blocksAreCountedWhole() {
    assertThat(runs(tensor(DType.Q8_0, 34, new long[] {2, 32}, 96, 1), 2)).containsExactly(List.of(34L, 68L), List.of(136L, 170L));
  }

  @Test
  void noRowsAndEmptyRowsAreNoPiece() {
    assertThat(runs(tensor(DType.F32, 0, new long[] {2, 3}, 3, 1), 0)).isEmpty();
    assertThat(runs(tensor(DType.F32, 0, new long[] {2, 0}, 0, 1), 2)).isEmpty();
  }
}
