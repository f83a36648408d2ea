package dev.gatun.tornado.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static uk.ac.manchester.tornado.api.enums.DataTransferMode.EVERY_EXECUTION;
import static uk.ac.manchester.tornado.api.enums.DataTransferMode.FIRST_EXECUTION;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.WorkerGrid2D;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class GridsTest {
  private static final int NUMBERS = 15;

  private static void where(KernelContext c, IntArray out, boolean meet) {
    if (meet) {
      c.localBarrier();
    }
    int i = (c.globalIdx + c.globalGroupSizeX * (c.globalIdy + c.globalGroupSizeY * c.globalIdz)) * NUMBERS;
    out.set(i, c.globalIdx);
    out.set(i + 1, c.globalIdy);
    out.set(i + 2, c.globalIdz);
    out.set(i + 3, c.groupIdx);
    out.set(i + 4, c.groupIdy);
    out.set(i + 5, c.groupIdz);
    out.set(i + 6, c.localIdx);
    out.set(i + 7, c.localIdy);
    out.set(i + 8, c.localIdz);
    out.set(i + 9, c.globalGroupSizeX);
    out.set(i + 10, c.globalGroupSizeY);
    out.set(i + 11, c.globalGroupSizeZ);
    out.set(i + 12, c.localGroupSizeX);
    out.set(i + 13, c.localGroupSizeY);
    out.set(i + 14, c.localGroupSizeZ);
  }

  private static void order(KernelContext c, IntArray out) {
    int rank = out.get(0) + 1;
    out.set(0, rank);
    out.set(1 + c.groupIdx, rank);
  }

  private static void count(KernelContext c, IntArray out) {
    out.set(c.globalIdx, c.localGroupSizeX);
  }

  @ParameterizedTest
  @CsvSource({"12,1,1, 4,1,1", "6,4,1, 3,2,1", "6,4,10, 2,4,5", "1,1,1, 1,1,1", "1,1,7, 1,1,7"})
  void eachItemOfAGridRunsOnceAndKnowsItsPlace(int x, int y, int z, int a, int b, int c) {
    for (boolean meet : new boolean[] {false, true}) {
      IntArray out = new IntArray(x * y * z * NUMBERS);
      TornadoExecutionPlan plan = Graphs.block(new TaskGraph("g").task("t", GridsTest::where, new KernelContext(), out, meet)
          .transferToHost(EVERY_EXECUTION, out), new int[] {x, y, z}, new int[] {a, b, c});
      for (int execution = 0; execution < 3; execution++) {
        out.clear();
        plan.execute();
        for (int k = 0; k < z; k++) {
          for (int j = 0; j < y; j++) {
            for (int i = 0; i < x; i++) {
              int from = (i + x * (j + y * k)) * NUMBERS;
              assertThat(Arrays.copyOfRange(out.toHeapArray(), from, from + NUMBERS))
                  .containsExactly(i, j, k, i / a, j / b, k / c, i % a, j % b, k % c, x, y, z, a, b, c);
            }
          }
        }
      }
    }
  }

  @Test
  void aGridIsReadAnewAtEachExecution() {
    IntArray out = new IntArray(8);
    WorkerGrid grid = new WorkerGrid1D(4);
    grid.setLocalWork(4, 1, 1);
    TornadoExecutionPlan plan = Graphs.on(new TaskGraph("g").transferToDevice(FIRST_EXECUTION, out)
        .task("t", GridsTest::count, new KernelContext(), out)
        .transferToHost(EVERY_EXECUTION, out), grid);
    plan.execute();
    assertThat(out.toHeapArray()).containsExactly(4, 4, 4, 4, 0, 0, 0, 0);
    grid.setGlobalWork(8, 1, 1);
    grid.setLocalWork(2, 1, 1);
    plan.execute();
    assertThat(out.toHeapArray()).containsOnly(2);
  }

  @Test
  void theSizeOfGroupsIsChosenWhereNoneIsSet() {
    IntArray out = new IntArray(97 * 3);
    Graphs.on(new TaskGraph("g").task("t", GridsTest::count, new KernelContext(), out).transferToHost(EVERY_EXECUTION, out),
        new WorkerGrid1D(97 * 3))
        .execute();
    assertThat(out.toHeapArray()).containsOnly(3);
  }

  @Test
  void groupsRunInOneOrderAndThenInTheOther() {
    IntArray out = new IntArray(5);
    TornadoExecutionPlan plan = Graphs.line(new TaskGraph("g").transferToDevice(EVERY_EXECUTION, out)
        .task("t", GridsTest::order, new KernelContext(), out)
        .transferToHost(EVERY_EXECUTION, out), 4, 1);
    plan.execute();
    assertThat(out.toHeapArray()).containsExactly(4, 4, 3, 2, 1);
    out.clear();
    plan.execute();
    assertThat(out.toHeapArray()).containsExactly(4, 1, 2, 3, 4);
  }

  @Test
  void aGridThatDoesNotDivideIntoGroupsOrHasTooLargeOnesIsRefused() {
    IntArray out = new IntArray(4096);
    TaskGraph graph = new TaskGraph("g").task("t", GridsTest::count, new KernelContext(), out).transferToHost(EVERY_EXECUTION, out);
    assertThatThrownBy(Graphs.line(graph, 12, 8)::execute).isInstanceOf(TornadoRuntimeException.class)
        .hasMessage("g.t asks for [12, 1, 1] work-items in groups of [8, 1, 1]; both must be positive and "
            + "the first a multiple of the second");
    assertThatThrownBy(Graphs.line(graph, 2048, 2048)::execute).isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("at most 1024");
    assertThatThrownBy(Graphs.on(graph, new WorkerGrid2D(0, 1))::execute).isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("positive");
    WorkerGrid shifted = new WorkerGrid1D(4);
    shifted.setGlobalOffset(1, 0, 0);
    assertThatThrownBy(Graphs.on(graph, shifted)::execute).isInstanceOf(TornadoRuntimeException.class).hasMessageContaining("start at 0");
  }
}
