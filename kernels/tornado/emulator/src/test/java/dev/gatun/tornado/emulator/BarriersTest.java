package dev.gatun.tornado.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static uk.ac.manchester.tornado.api.enums.DataTransferMode.EVERY_EXECUTION;

import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class BarriersTest {
  static void sum(KernelContext c, FloatArray in, FloatArray out) {
    float[] shared = c.allocateFloatLocalArray(64);
    int l = c.localIdx;
    shared[l] = in.get(c.globalIdx);
    c.localBarrier();
    for (int step = c.localGroupSizeX / 2; step > 0; step /= 2) {
      if (l < step) {
        shared[l] += shared[l + step];
      }
      c.localBarrier();
    }
    if (l == 0) {
      out.set(c.groupIdx, shared[0]);
    }
  }

  private static float total(KernelContext c, float[] shared, float mine) {
    shared[c.localIdx] = mine;
    c.localBarrier();
    float total = 0;
    for (int i = 0; i < c.localGroupSizeX; i++) {
      total += shared[i];
    }
    c.localBarrier();
    return total;
  }

  private static void rounds(KernelContext c, FloatArray in, FloatArray out) {
    float[] shared = c.allocateFloatLocalArray(32);
    double mine = in.get(c.globalIdx);
    long weight = 1;
    for (int round = 0; round < 3; round++) {
      mine = total(c, shared, (float) mine) * weight;
      weight += 1;
    }
    out.set(c.globalIdx, (float) mine);
  }

  private static void twoArrays(KernelContext c, IntArray out) {
    int[] first = c.allocateIntLocalArray(4);
    long[] second = c.allocateLongLocalArray(4);
    byte[] third = c.allocateByteLocalArray(4);
    double[] fourth = c.allocateDoubleLocalArray(4);
    int l = c.localIdx;
    int before = first[l] + (int) second[l] + third[l] + (Double.isNaN(fourth[l]) ? 0 : 1);
    c.localBarrier();
    first[l] = l;
    second[l] = 10 + l;
    third[l] = (byte) (20 + l);
    fourth[l] = 30 + l;
    c.localBarrier();
    int other = 3 - l;
    out.set(c.globalIdx, before == 0xA5A5A5A5 + 0xA5A5A5A5 + (byte) 0xA5 ? first[other] + (int) second[other] + third[other]
        + (int) fourth[other] : -1);
  }

  private static void someGroupsMeet(KernelContext c, IntArray out) {
    if (c.groupIdx % 2 == 1) {
      int[] shared = c.allocateIntLocalArray(4);
      shared[c.localIdx] = c.globalIdx;
      c.localBarrier();
      out.set(c.globalIdx, shared[3 - c.localIdx]);
    } else {
      out.set(c.globalIdx, -c.globalIdx);
    }
  }

  static void leavesEarly(KernelContext c, IntArray out, int leaver) {
    if (c.localIdx == leaver) {
      return;
    }
    c.localBarrier();
    out.set(c.globalIdx, 1);
  }

  static void twoBarriers(KernelContext c, IntArray out) {
    if (c.localIdx < 2) {
      c.localBarrier();
    } else {
      c.localBarrier();
    }
    out.set(c.globalIdx, 1);
  }

  static void fails(KernelContext c, IntArray out, int at) {
    c.localBarrier();
    if (c.globalIdx == at) {
      out.get(99);
    }
    c.localBarrier();
    out.set(c.globalIdx, 1);
  }

  private static void failsWithoutBarrier(KernelContext c, IntArray out, int at) {
    out.set(c.globalIdx == at ? -1 : c.globalIdx, 1);
  }

  private static void differentSizes(KernelContext c, IntArray out) {
    int[] shared = c.allocateIntLocalArray(4 + c.localIdx);
    out.set(c.globalIdx, shared.length);
  }

  private static void differentTypes(KernelContext c, IntArray out) {
    out.set(c.globalIdx, c.localIdx == 0 ? c.allocateIntLocalArray(4).length : c.allocateFloatLocalArray(4).length);
  }

  private static void tooMuchLocalMemory(KernelContext c, IntArray out) {
    out.set(c.globalIdx, c.allocateFloatLocalArray(12 << 10).length + c.allocateByteLocalArray(1).length);
  }

  private static void allLocalMemory(KernelContext c, IntArray out) {
    out.set(c.globalIdx, c.allocateFloatLocalArray(8 << 10).length + c.allocateIntLocalArray(4 << 10).length);
  }

  static FloatArray numbers(int size) {
    FloatArray in = new FloatArray(size);
    for (int i = 0; i < size; i++) {
      in.set(i, i * 7 % 31);
    }
    return in;
  }

  static TaskGraph graph(Object... transferred) {
    return new TaskGraph("g").transferToDevice(EVERY_EXECUTION, transferred).transferToHost(EVERY_EXECUTION, transferred);
  }

  static TornadoRuntimeException failure(TornadoExecutionPlan plan) {
    Executable execution = () -> Assertions.assertThrows(TornadoRuntimeException.class, plan::execute);
    Assertions.assertTimeoutPreemptively(Duration.ofSeconds(30), execution);
    return Assertions.assertThrows(TornadoRuntimeException.class, plan::execute);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 16, 64})
  void aReductionMeetsAtEachStep(int local) {
    FloatArray in = numbers(local * 9);
    FloatArray out = new FloatArray(9);
    TornadoExecutionPlan plan = Graphs.line(graph(in, out).task("t", BarriersTest::sum, new KernelContext(), in, out), local * 9, local);
    for (int execution = 0; execution < 4; execution++) {
      out.clear();
      plan.execute();
      for (int group = 0; group < 9; group++) {
        float expected = 0;
        for (int i = 0; i < local; i++) {
          expected += in.get(group * local + i);
        }
        assertThat(out.get(group)).isEqualTo(expected);
      }
    }
  }

  @Test
  void aMethodThatTheKernelCallsMayMeet() {
    FloatArray in = numbers(32 * 3);
    FloatArray out = new FloatArray(32 * 3);
    TornadoExecutionPlan plan = Graphs.line(graph(in, out).task("t", BarriersTest::rounds, new KernelContext(), in, out), 32 * 3, 32);
    for (int execution = 0; execution < 2; execution++) {
      out.clear();
      plan.execute();
      for (int i = 0; i < out.getSize(); i++) {
        float sum = 0;
        for (int j = 0; j < 32; j++) {
          sum += in.get(i / 32 * 32 + j);
        }
        assertThat(out.get(i)).isEqualTo(sum * 32 * 2 * 32 * 3);
      }
    }
  }

  @Test
  void localArraysAreSharedInTheOrderOfTheirAllocationAndHoldGarbageAtFirst() {
    IntArray out = new IntArray(12);
    TornadoExecutionPlan plan = Graphs.line(graph(out).task("t", BarriersTest::twoArrays, new KernelContext(), out), 12, 4);
    for (int execution = 0; execution < 2; execution++) {
      plan.execute();
      assertThat(out.toHeapArray()).containsExactly(72, 68, 64, 60, 72, 68, 64, 60, 72, 68, 64, 60);
    }
  }

  @Test
  void aGroupMayPassNoBarrierWhereAnotherDoes() {
    IntArray out = new IntArray(16);
    TornadoExecutionPlan plan = Graphs.line(graph(out).task("t", BarriersTest::someGroupsMeet, new KernelContext(), out), 16, 4);
    for (int execution = 0; execution < 3; execution++) {
      out.clear();
      plan.execute();
      assertThat(out.toHeapArray()).containsExactly(0, -1, -2, -3, 7, 6, 5, 4, -8, -9, -10, -11, 15, 14, 13, 12);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7})
  void anItemThatEndsWhereOthersWaitIsADivergence(int leaver) {
    IntArray out = new IntArray(16);
    TornadoExecutionPlan plan = Graphs.line(graph(out).task("t", BarriersTest::leavesEarly, new KernelContext(), out, leaver), 16, 8);
    for (int execution = 0; execution < 3; execution++) {
      assertThat(failure(plan)).hasMessageMatching("g\\.t, group \\[[01], 0, 0]: work-item .*barrier.*work-item " + leaver
          + ".*; every item of a group must reach the same barriers");
    }
  }

  @Test
  void itemsThatWaitAtDifferentBarriersAreADivergence() {
    IntArray out = new IntArray(8);
    TornadoExecutionPlan plan = Graphs.line(graph(out).task("t", BarriersTest::twoBarriers, new KernelContext(), out), 8, 4);
    assertThatThrownBy(plan::execute).isInstanceOf(TornadoRuntimeException.class)
        .hasMessageMatching("g\\.t, group \\[1, 0, 0]: work-item 0 .* at BarriersTest.java:\\d+ and work-item 2 "
            + ".* at BarriersTest.java:\\d+; .*");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 4, 15})
  void aKernelsExceptionNamesTheItemAndReleasesTheOthers(int at) {
    IntArray out = new IntArray(16);
    TornadoExecutionPlan plan = Graphs.line(graph(out).task("t", BarriersTest::fails, new KernelContext(), out, at), 16, 8);
    for (int execution = 0; execution < 3; execution++) {
      assertThat(failure(plan)).hasMessageStartingWith("g.t at work-item [" + at + ", 0, 0] of group [" + at / 8
          + ", 0, 0] failed: java.lang.IndexOutOf")
          .hasCauseInstanceOf(IndexOutOfBoundsException.class);
    }
    TornadoExecutionPlan plain = Graphs.line(graph(out).task("t", BarriersTest::failsWithoutBarrier, new KernelContext(), out, at), 16, 8);
    assertThat(failure(plain)).hasMessageStartingWith("g.t at work-item [" + at + ", 0, 0] of group [" + at / 8
        + ", 0, 0] failed: java.lang.IndexOutOf");
  }

  @Test
  void aFailureInOneExecutionLeavesTheNextAlone() {
    IntArray out = new IntArray(16);
    IntArray at = IntArray.fromElements(3);
    TornadoExecutionPlan plan = Graphs.line(graph(out, at).task("t", BarriersTest::failsAt, new KernelContext(), out, at), 16, 8);
    failure(plan);
    at.set(0, -1);
    plan.execute();
    assertThat(out.toHeapArray()).containsOnly(1);
  }

  private static void failsAt(KernelContext c, IntArray out, IntArray at) {
    fails(c, out, at.get(0));
  }

  @Test
  void localArraysThatItemsAskForDifferentlyAreRefused() {
    IntArray out = new IntArray(8);
    assertThat(failure(Graphs.line(graph(out).task("t", BarriersTest::differentSizes, new KernelContext(), out), 8, 4)))
        .hasMessageContaining("g.t asks for local array 1 as int[");
    assertThat(failure(Graphs.line(graph(out).task("t", BarriersTest::differentTypes, new KernelContext(), out), 8, 4)))
        .hasMessageContaining("g.t asks for local array 1 as");
  }

  @Test
  void aKernelThatTakesMoreLocalMemoryThanThereIsFailsByItsName() {
    IntArray out = new IntArray(8);
    Graphs.line(graph(out).task("t", BarriersTest::allLocalMemory, new KernelContext(), out), 8, 4).execute();
    assertThat(out.toHeapArray()).as("where a group's arrays take exactly what there is").containsOnly(12 << 10);
    assertThat(TornadoExecutionPlan.getDevice(0, 0).getDeviceLocalMemorySize()).isEqualTo(48 << 10);
    assertThat(failure(Graphs.line(graph(out).task("t", BarriersTest::tooMuchLocalMemory, new KernelContext(), out), 8, 4)))
        .hasMessageContaining("g.t asks for a local array of 1 elements, in all 49153 bytes of local memory; there are 49152");
  }

  @Test
  void aGroupOfOneItemPassesEveryBarrier() {
    IntArray out = new IntArray(4);
    Graphs.line(graph(out).task("t", BarriersTest::leavesEarly, new KernelContext(), out, 1), 4, 1).execute();
    assertThat(out.toHeapArray()).containsOnly(1);
  }
}
