package dev.gatun.tornado.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static uk.ac.manchester.tornado.api.enums.DataTransferMode.EVERY_EXECUTION;
import static uk.ac.manchester.tornado.api.enums.DataTransferMode.FIRST_EXECUTION;
import static uk.ac.manchester.tornado.api.enums.DataTransferMode.UNDER_DEMAND;

import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class TransfersTest {
  private static void addTo(IntArray from, IntArray to) {
    for (@Parallel int i = 0; i < to.getSize(); i++) {
      to.set(i, to.get(i) + from.get(i));
    }
  }

  private static void twice(IntArray array, int factor) {
    for (@Parallel int i = 0; i < array.getSize(); i++) {
      array.set(i, array.get(i) * factor);
    }
  }

  @Test
  void onceMeansTheValuesBeforeTheFirstExecution() {
    IntArray from = IntArray.fromElements(1, 2);
    IntArray sum = new IntArray(2);
    TornadoExecutionPlan plan = new TornadoExecutionPlan(new TaskGraph("g").transferToDevice(FIRST_EXECUTION, from, sum)
        .task("t", TransfersTest::addTo, from, sum).transferToHost(EVERY_EXECUTION, sum).snapshot());
    plan.execute();
    assertThat(sum.toHeapArray()).containsExactly(1, 2);
    from.init(100);
    sum.init(100);
    plan.execute();
    assertThat(sum.toHeapArray()).containsExactly(2, 4);
  }

  @Test
  void everyExecutionMeansTheValuesBeforeEach() {
    IntArray from = IntArray.fromElements(1, 2);
    IntArray sum = new IntArray(2);
    TornadoExecutionPlan plan = new TornadoExecutionPlan(new TaskGraph("g").transferToDevice(EVERY_EXECUTION, from)
        .transferToDevice(FIRST_EXECUTION, sum)
        .task("t", TransfersTest::addTo, from, sum).transferToHost(EVERY_EXECUTION, sum).snapshot());
    plan.execute();
    from.init(100);
    plan.execute();
    assertThat(sum.toHeapArray()).containsExactly(101, 102);
  }

  @Test
  void underDemandMeansNotBeforeItIsAskedFor() {
    IntArray from = IntArray.fromElements(1, 2);
    IntArray sum = IntArray.fromElements(5, 5);
    TornadoExecutionPlan plan = new TornadoExecutionPlan(new TaskGraph("g").transferToDevice(FIRST_EXECUTION, from, sum)
        .task("t", TransfersTest::addTo, from, sum).transferToHost(UNDER_DEMAND, sum).snapshot());
    TornadoExecutionResult result = plan.execute();
    assertThat(sum.toHeapArray()).containsExactly(5, 5);
    result.transferToHost(sum);
    assertThat(sum.toHeapArray()).containsExactly(6, 7);
    assertThatThrownBy(() -> result.transferToHost(new FloatArray(1))).isInstanceOf(TornadoRuntimeException.class);
  }

  @Test
  void whatWasNotTransferredIsGarbage() {
    IntArray array = new IntArray(2);
    new TornadoExecutionPlan(new TaskGraph("g").task("t", TransfersTest::twice, array, 1).transferToHost(EVERY_EXECUTION, array).snapshot())
        .execute();
    assertThat(array.toHeapArray()).containsExactly(0xA5A5A5A5, 0xA5A5A5A5);
  }

  @Test
  void tasksRunInTheirOrderAndScalarsPassThrough() {
    IntArray array = IntArray.fromElements(1, 10);
    IntArray other = IntArray.fromElements(1, 1);
    new TornadoExecutionPlan(new TaskGraph("g").transferToDevice(FIRST_EXECUTION, array, other).task("a", TransfersTest::twice, array, 3)
        .task("b", TransfersTest::addTo, other, array).task("c", TransfersTest::twice, array, 2).transferToHost(EVERY_EXECUTION, array)
        .snapshot()).execute();
    assertThat(array.toHeapArray()).containsExactly(8, 62);
  }

  @Test
  void theGraphsOfAPlanRunInTheirOrderOrAlone() {
    IntArray array = IntArray.fromElements(1);
    IntArray other = IntArray.fromElements(5);
    ImmutableTaskGraph first = new TaskGraph("f").transferToDevice(EVERY_EXECUTION, array).task("t", TransfersTest::twice, array, 2)
        .transferToHost(EVERY_EXECUTION, array).snapshot();
    ImmutableTaskGraph second = new TaskGraph("s").transferToDevice(EVERY_EXECUTION, array, other)
        .task("t", TransfersTest::addTo, other, array)
        .transferToHost(EVERY_EXECUTION, array).snapshot();
    TornadoExecutionPlan plan = new TornadoExecutionPlan(first, second);
    plan.execute();
    assertThat(array.get(0)).isEqualTo(7);
    plan.withGraph(0).execute();
    assertThat(array.get(0)).isEqualTo(14);
    plan.withAllGraphs().execute();
    assertThat(array.get(0)).isEqualTo(33);
  }

  @Test
  void closingFreesAndTheNextExecutionUploadsAgain() throws Exception {
    IntArray array = IntArray.fromElements(1, 2);
    TornadoExecutionPlan plan = new TornadoExecutionPlan(new TaskGraph("g").transferToDevice(FIRST_EXECUTION, array)
        .task("t", TransfersTest::twice, array, 2).transferToHost(UNDER_DEMAND, array).snapshot());
    assertThat(plan.getCurrentDeviceMemoryUsage()).isZero();
    TornadoExecutionResult result = plan.execute();
    assertThat(plan.getCurrentDeviceMemoryUsage()).isEqualTo(array.getNumBytesOfSegmentWithHeader());
    plan.close();
    assertThat(plan.getCurrentDeviceMemoryUsage()).isZero();
    assertThatThrownBy(() -> result.transferToHost(array)).isInstanceOf(TornadoRuntimeException.class);
    array.init(10);
    plan.execute().transferToHost(array);
    assertThat(array.toHeapArray()).containsExactly(20, 20);
  }
}
