package dev.gatun.tornado.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static uk.ac.manchester.tornado.api.enums.DataTransferMode.EVERY_EXECUTION;
import static uk.ac.manchester.tornado.api.enums.DataTransferMode.FIRST_EXECUTION;

import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.exceptions.TornadoTaskRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class RefusalsTest {
  private final IntArray array = new IntArray(4);

  private static void kernel(KernelContext c, IntArray array) {
    array.set(c.globalIdx, 1);
  }

  private static void meetsAll(KernelContext c, IntArray array) {
    c.globalBarrier();
    kernel(c, array);
  }

  private static void onObjects(Object any, IntArray array) {
    array.set(0, any.hashCode());
  }

  @Test
  void aKernelWithoutAGridIsRefused() {
    TaskGraph graph = new TaskGraph("g").task("t", RefusalsTest::kernel, new KernelContext(), array).transferToHost(EVERY_EXECUTION, array);
    TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot());
    String message = "g.t takes a KernelContext and has no WorkerGrid; add one to the GridScheduler under this name";
    assertThatThrownBy(plan::execute).isInstanceOf(TornadoRuntimeException.class).hasMessage(message);
    assertThatThrownBy(plan::withPreCompilation).isInstanceOf(TornadoRuntimeException.class).hasMessage(message);
    assertThatThrownBy(() -> plan.withGridScheduler(new GridScheduler("g.u", new WorkerGrid1D(1))))
        .isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("[g.u]");
    plan.withGridScheduler(new GridScheduler("g.t", new WorkerGrid1D(4))).withPreCompilation().execute();
    assertThat(array.toHeapArray()).containsOnly(1);
  }

  @Test
  void argumentsThatNoDeviceTakesAreRefused() {
    assertThatThrownBy(() -> new TaskGraph("g").task("t", RefusalsTest::onObjects, "text", array))
        .isInstanceOf(TornadoTaskRuntimeException.class)
        .hasMessage("argument 1 of g.t is a java.lang.String; a kernel takes a KernelContext, native arrays and primitives");
    assertThatThrownBy(() -> new TaskGraph("g").task("t", RefusalsTest::onObjects, new int[1], array))
        .isInstanceOf(TornadoTaskRuntimeException.class);
    assertThatThrownBy(() -> new TaskGraph("g").task("t", RefusalsTest::kernel, new KernelContext(), null))
        .hasMessageContaining("argument 2 of g.t is null");
    assertThatThrownBy(() -> new TaskGraph("g").transferToDevice(FIRST_EXECUTION, new float[1])).isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("give it native arrays");
    assertThatThrownBy(() -> new TaskGraph("g").transferToHost(3, array)).isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("mode 3");
  }

  @Test
  void anArrayThatIsTransferredNowhereIsRefused() {
    TornadoExecutionPlan plan = new TornadoExecutionPlan(new TaskGraph("g").task("t", RefusalsTest::onObjects, 1, array).snapshot());
    assertThatThrownBy(plan::execute).isInstanceOf(TornadoTaskRuntimeException.class)
        .hasMessageContaining("argument 2 of g.t is in no transferToDevice and no transferToHost");
  }

  @Test
  void twoTasksOfOneNameAndGraphsWithoutATaskAreRefused() {
    TaskGraph graph = new TaskGraph("g").task("t", RefusalsTest::onObjects, 1, array);
    assertThatThrownBy(() -> graph.task("t", RefusalsTest::onObjects, 2, array)).isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("two tasks g.t");
    assertThatThrownBy(new TornadoExecutionPlan(new TaskGraph("e").snapshot())::execute).hasMessage("graph e has no task");
    assertThatThrownBy(() -> new TornadoExecutionPlan(graph.snapshot()).withGraph(1)).hasMessageContaining("none is number 1");
  }

  @Test
  void theBarrierOfAllGroupsIsRefused() {
    TaskGraph graph = new TaskGraph("g").task("t", RefusalsTest::meetsAll, new KernelContext(), array)
        .transferToHost(EVERY_EXECUTION, array);
    assertThatThrownBy(Graphs.line(graph, 4, 2)::execute).isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("no globalBarrier");
  }
}
