package dev.gatun.tornado.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static uk.ac.manchester.tornado.api.enums.DataTransferMode.EVERY_EXECUTION;
import static uk.ac.manchester.tornado.api.enums.DataTransferMode.FIRST_EXECUTION;
import static uk.ac.manchester.tornado.api.enums.DataTransferMode.UNDER_DEMAND;

import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.exceptions.TornadoMemoryException;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** One graph owns an array of bytes; another reaches it through an array of one float. */
class MappingTest {
  private static final int FLOATS = 64;

  private final ByteArray owned = new ByteArray(4 * FLOATS + 3);
  private final FloatArray window = new FloatArray(1);
  private final IntArray size = new IntArray(1);
  private ImmutableTaskGraph owner;
  private ImmutableTaskGraph user;

  private static void touch(ByteArray array) {
    array.set(0, array.get(0));
  }

  private static void addIndex(KernelContext context, FloatArray array, IntArray size) {
    int i = context.globalIdx;
    array.set(i, array.get(i) + i);
    if (i == 0) {
      size.set(0, array.getSize());
    }
  }

  private static void past(FloatArray array) {
    array.get(FLOATS);
  }

  @BeforeEach
  void fill() {
    for (int i = 0; i < FLOATS; i++) {
      owned.getSegment().set(ValueLayout.JAVA_FLOAT, 4L * i, 1000);
    }
    owner = new TaskGraph("owner").transferToDevice(FIRST_EXECUTION, owned).task("t", MappingTest::touch, owned)
        .transferToHost(UNDER_DEMAND, owned).snapshot();
    user = new TaskGraph("g").transferToDevice(FIRST_EXECUTION, window).task("t", MappingTest::addIndex, new KernelContext(), window, size)
        .transferToHost(EVERY_EXECUTION, size).snapshot();
  }

  private TornadoExecutionPlan userPlan(int items) {
    return new TornadoExecutionPlan(user).withGridScheduler(new GridScheduler("g.t", new WorkerGrid1D(items)));
  }

  private float[] result(TornadoExecutionPlan ownerPlan) {
    ownerPlan.execute().transferToHost(owned);
    return FloatArray.fromSegment(owned.getSegment().asSlice(0, 4 * FLOATS)).toHeapArray();
  }

  @Test
  void aWindowThatWasUploadedBeforeSeesAllOfTheSource() {
    TornadoExecutionPlan ownerPlan = new TornadoExecutionPlan(owner);
    ownerPlan.execute();
    userPlan(1).execute();
    new TornadoExecutionPlan(owner, user).mapOnDeviceMemoryRegion(window, owned, 0, 0, 1);
    userPlan(FLOATS).execute();
    float[] expected = new float[FLOATS];
    for (int i = 0; i < FLOATS; i++) {
      expected[i] = 1000 + i;
    }
    assertThat(result(ownerPlan)).containsExactly(expected);
    assertThat(size.get(0)).as("a kernel is compiled for the size of the array that its task names").isEqualTo(1);
  }

  @Test
  void aWindowsOwnFirstUploadOverwritesTheStartOfTheSource() {
    TornadoExecutionPlan ownerPlan = new TornadoExecutionPlan(owner);
    ownerPlan.execute();
    new TornadoExecutionPlan(owner, user).mapOnDeviceMemoryRegion(window, owned, 0, 0, 1);
    window.set(0, -5);
    userPlan(FLOATS).execute();
    assertThat(result(ownerPlan)).startsWith(-5, 1001, 1002);
  }

  @Test
  void theStorageOutlivesItsOwnersFreeing() {
    TornadoExecutionPlan ownerPlan = new TornadoExecutionPlan(owner);
    ownerPlan.execute();
    userPlan(1).execute();
    new TornadoExecutionPlan(owner, user).mapOnDeviceMemoryRegion(window, owned, 0, 0, 1);
    ownerPlan.freeDeviceMemory();
    userPlan(FLOATS).execute();
    assertThat(result(ownerPlan)).as("the owner uploads to a new storage").startsWith(1000, 1000);
  }

  @Test
  void aFloatThatTheStorageDoesNotHoldWholeIsOutside() {
    ImmutableTaskGraph reader = new TaskGraph("r").transferToDevice(UNDER_DEMAND, window).task("t", MappingTest::past, window).snapshot();
    new TornadoExecutionPlan(owner).execute();
    new TornadoExecutionPlan(owner, reader).mapOnDeviceMemoryRegion(window, owned, 0, 0, 1);
    assertThatThrownBy(new TornadoExecutionPlan(reader)::execute).isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("r.t failed")
        .hasCauseInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void whatCannotBeMappedIsRefused() {
    TornadoExecutionPlan both = new TornadoExecutionPlan(owner, user);
    assertThatThrownBy(() -> both.mapOnDeviceMemoryRegion(window, owned, 0, 0, 1)).isInstanceOf(TornadoMemoryException.class)
        .hasMessageContaining("execute its graph first");
    new TornadoExecutionPlan(owner).execute();
    assertThatThrownBy(() -> both.mapOnDeviceMemoryRegion(window, owned, 4, 0, 1)).isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("offset 4");
    assertThatThrownBy(() -> both.mapOnDeviceMemoryRegion(window, owned, 0, 0, 2)).isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("number 2");
    assertThatThrownBy(() -> both.mapOnDeviceMemoryRegion(window, "x", 0, 0, 1)).isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("native arrays");
  }
}
