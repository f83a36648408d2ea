package dev.gatun.tornado.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The kernels of {@link BarriersTest} in callers that cannot be cut at their barriers. */
class ItemThreadsTest {
  private static void whole() {
    Runnable dynamic = () -> { };
    dynamic.run();
  }

  private static void sum(KernelContext c, FloatArray in, FloatArray out) {
    Runnable dynamic = ItemThreadsTest::whole;
    dynamic.run();
    BarriersTest.sum(c, in, out);
  }

  private static void leavesEarly(KernelContext c, IntArray out, int leaver) {
    Runnable dynamic = ItemThreadsTest::whole;
    dynamic.run();
    if (c.groupIdx == 1) {
      BarriersTest.leavesEarly(c, out, leaver);
    } else {
      c.localBarrier();
    }
  }

  private static void twoBarriers(KernelContext c, IntArray out) {
    Runnable dynamic = ItemThreadsTest::whole;
    dynamic.run();
    BarriersTest.twoBarriers(c, out);
  }

  private static void fails(KernelContext c, IntArray out, int at) {
    Runnable dynamic = ItemThreadsTest::whole;
    dynamic.run();
    BarriersTest.fails(c, out, at);
  }

  @Test
  void aReductionMeetsAtEachStep() {
    FloatArray in = BarriersTest.numbers(64 * 9);
    FloatArray out = new FloatArray(9);
    TornadoExecutionPlan plan = Graphs.line(BarriersTest.graph(in, out).task("t", ItemThreadsTest::sum, new KernelContext(), in, out),
        64 * 9, 64);
    for (int execution = 0; execution < 3; execution++) {
      out.clear();
      plan.execute();
      for (int group = 0; group < 9; group++) {
        float expected = 0;
        for (int i = 0; i < 64; i++) {
          expected += in.get(group * 64 + i);
        }
        assertThat(out.get(group)).isEqualTo(expected);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7})
  void anItemThatEndsWhereOthersWaitIsADivergence(int leaver) {
    IntArray out = new IntArray(24);
    TornadoExecutionPlan plan = Graphs.line(BarriersTest.graph(out).task("t", ItemThreadsTest::leavesEarly, new KernelContext(), out,
        leaver), 24, 8);
    for (int execution = 0; execution < 3; execution++) {
      assertThat(BarriersTest.failure(plan))
          .hasMessageMatching("g\\.t, group \\[1, 0, 0]: work-item \\d.* and 6 more wait at a barrier that work-item "
          + leaver + " and 0 more have ended without; every item of a group must reach the same barriers");
    }
  }

  @Test
  void itemsThatWaitAtDifferentBarriersAreADivergence() {
    IntArray out = new IntArray(8);
    TornadoExecutionPlan plan = Graphs.line(BarriersTest.graph(out).task("t", ItemThreadsTest::twoBarriers, new KernelContext(), out), 8,
        4);
    assertThat(BarriersTest.failure(plan)).hasMessageMatching("g\\.t, group .*: work-item 0 .* at BarriersTest.java:\\d+ and work-item 2 "
        + ".* at BarriersTest.java:\\d+; .*");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 4, 15})
  void aKernelsExceptionNamesTheItemAndReleasesTheOthers(int at) {
    IntArray out = new IntArray(16);
    TornadoExecutionPlan plan = Graphs.line(BarriersTest.graph(out).task("t", ItemThreadsTest::fails, new KernelContext(), out, at), 16, 8);
    for (int execution = 0; execution < 3; execution++) {
      assertThat(BarriersTest.failure(plan)).hasMessageStartingWith("g.t at work-item [" + at + ", 0, 0] of group [" + at / 8
          + ", 0, 0] failed: ")
          .hasCauseInstanceOf(IndexOutOfBoundsException.class);
    }
  }
}
