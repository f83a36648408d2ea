package dev.gatun.tornado.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static uk.ac.manchester.tornado.api.enums.DataTransferMode.EVERY_EXECUTION;

import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task2;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The first group of a kernel always runs on threads, so each execution here has several groups, and there are several executions. */
class KernelCutsTest {
  private static final int ITEMS = 8;
  private static final int GROUPS = 5;

  private static void onCaller(KernelContext c, IntArray out) {
    c.localBarrier();
    out.set(c.globalIdx, Thread.currentThread().isVirtual() ? 1 : 0);
  }

  private static void onThread(KernelContext c, IntArray out) {
    Supplier<String> dynamic = () -> "no kernel on a device does this";
    dynamic.get();
    c.localBarrier();
    out.set(c.globalIdx, Thread.currentThread().isVirtual() ? 1 : 0);
  }

  private static void everyType(KernelContext c, FloatArray out) {
    int l = c.localIdx;
    boolean even = l % 2 == 0;
    byte b = (byte) -l;
    short s = (short) (1000 * l);
    char ch = (char) (40000 + l);
    long big = 1L << 40 | l;
    double precise = 1e-9 * l;
    float f = l == 3 ? Float.NaN : 0.25f * l;
    int[] shared = c.allocateIntLocalArray(ITEMS);
    FloatArray where = null;
    for (int step = 0; step < 3; step++) {
      shared[l] = step;
      c.localBarrier();
      where = out;
    }
    boolean kept = even == (c.localIdx % 2 == 0) && b == -l && s == 1000 * l && ch == 40000
        + l && big == (1L << 40 | l) && precise == 1e-9 * l
        && (l == 3 ? Float.isNaN(f) : f == 0.25f * l) && shared[ITEMS - 1 - l] == 2;
    where.set(c.globalIdx, kept ? 1 : 0);
  }

  private static void acrossBranches(KernelContext c, IntArray out) {
    int[] shared = c.allocateIntLocalArray(ITEMS);
    int l = c.localIdx;
    int result = 0;
    int round = 0;
    while (true) {
      int chosen = switch ((c.groupIdx + round) % 3) {
        case 0 -> 100;
        case 1 -> -l;
        default -> l;
      };
      if (round == 4) {
        break;
      }
      round++;
      if (chosen == 100) {
        continue;
      }
      shared[l] = chosen;
      c.localBarrier();
      if (round % 2 == 0) {
        int extra = shared[ITEMS - 1 - l];
        c.localBarrier();
        result += extra * 10;
      } else {
        String unused = null;
        c.localBarrier();
        result += unused == null ? shared[0] : 1;
      }
      c.localBarrier();
    }
    out.set(c.globalIdx, result);
  }

  private static int expectedAcrossBranches(int group, int l) {
    int result = 0;
    for (int round = 0; round < 4; round++) {
      int kind = (group + round) % 3;
      if (kind != 0) {
        int other = (round + 1) % 2 == 0 ? ITEMS - 1 - l : 0;
        result += (kind == 1 ? -other : other) * ((round + 1) % 2 == 0 ? 10 : 1);
      }
    }
    return result;
  }

  private static void throughOthers(KernelContext c, FloatArray out) {
    double[] shared = c.allocateDoubleLocalArray(ITEMS);
    double mine = c.localIdx;
    for (int i = 0; i < 2; i++) {
      mine = twice(c, shared, 1L << 33, mine, i > 5);
    }
    out.set(c.globalIdx, (float) mine);
  }

  private static double twice(KernelContext c, double[] shared, long factor, double mine, boolean never) {
    if (never) {
      return 0;
    }
    double first = Elsewhere.neighbour(c, shared, mine * factor);
    return Elsewhere.neighbour(c, shared, first / factor);
  }

  private static void underWayOnTheStack(KernelContext c, FloatArray out) {
    double[] shared = c.allocateDoubleLocalArray(ITEMS);
    out.set(c.globalIdx, 100 + (float) Elsewhere.neighbour(c, shared, c.localIdx));
  }

  private static void privateElsewhere(KernelContext c, FloatArray out) {
    double[] shared = c.allocateDoubleLocalArray(ITEMS);
    double given = Elsewhere.ownNeighbour(c, shared, c.localIdx);
    out.set(c.globalIdx, (float) given);
  }

  private static void throughAnObject(KernelContext c, IntArray out) {
    new Holder(c).meet();
    out.set(c.globalIdx, 1);
  }

  private record Holder(KernelContext context) {
    void meet() {
      context.localBarrier();
    }
  }

  private static int[] ints(Task2<KernelContext, IntArray> kernel) {
    IntArray out = new IntArray(ITEMS * GROUPS);
    TornadoExecutionPlan plan = Graphs.line(new TaskGraph("g").transferToDevice(EVERY_EXECUTION, out)
        .task("t", kernel, new KernelContext(), out)
        .transferToHost(EVERY_EXECUTION, out), ITEMS * GROUPS, ITEMS);
    plan.execute();
    int[] first = out.toHeapArray();
    out.clear();
    plan.execute();
    assertThat(out.toHeapArray()).hasSameSizeAs(first);
    return out.toHeapArray();
  }

  private static float[] floats(Task2<KernelContext, FloatArray> kernel) {
    FloatArray out = new FloatArray(ITEMS * GROUPS);
    TornadoExecutionPlan plan = Graphs.line(new TaskGraph("g").transferToDevice(EVERY_EXECUTION, out)
        .task("t", kernel, new KernelContext(), out)
        .transferToHost(EVERY_EXECUTION, out), ITEMS * GROUPS, ITEMS);
    plan.execute();
    float[] first = out.toHeapArray();
    out.clear();
    plan.execute();
    assertThat(out.toHeapArray()).containsExactly(first);
    return first;
  }

  @Test
  void aKernelIsCutWhereItCanBe() {
    assertThat(ints(KernelCutsTest::onCaller)).containsOnly(0);
    assertThat(ints(KernelCutsTest::onThread)).containsOnly(1);
  }

  @Test
  void variablesOfEveryTypeOutliveABarrier() {
    assertThat(floats(KernelCutsTest::everyType)).containsOnly(1);
  }

  @Test
  void barriersInLoopsAndBranchesGoOnWhereTheyWere() {
    int[] out = ints(KernelCutsTest::acrossBranches);
    for (int i = 0; i < out.length; i++) {
      assertThat(out[i]).as("item %d", i).isEqualTo(expectedAcrossBranches(i / ITEMS, i % ITEMS));
    }
  }

  @Test
  void methodsBetweenKernelAndBarrierReturnTheirValues() {
    float[] out = floats(KernelCutsTest::throughOthers);
    for (int i = 0; i < out.length; i++) {
      assertThat(out[i]).isEqualTo((i % ITEMS + 4) % ITEMS + 1, within(1e-5f));
    }
  }

  @Test
  void kernelsThatCannotBeCutStillMeet() {
    float[] onStack = floats(KernelCutsTest::underWayOnTheStack);
    float[] hidden = floats(KernelCutsTest::privateElsewhere);
    for (int i = 0; i < onStack.length; i++) {
      assertThat(onStack[i]).isEqualTo(100.5f + (i + 1) % ITEMS);
      assertThat(hidden[i]).isEqualTo((i + 2) % ITEMS + 1f);
    }
    assertThat(ints(KernelCutsTest::throughAnObject)).containsOnly(1);
  }
}
