package dev.gatun.tck.example;

import static dev.gatun.tck.example.ExampleDevice.heap;
import static dev.gatun.tck.example.ExampleDevice.ints;
import static dev.gatun.tck.example.ExampleDevice.output;
import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.Buffer;
import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.DeviceException;
import dev.gatun.Executable;
import dev.gatun.Gatun;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.Matmul;
import dev.gatun.Operator;
import dev.gatun.Program;
import dev.gatun.Ragged;
import dev.gatun.Scale;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Inputs;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Shows by the smallest case there is each defect that a single operator on fresh tensors does not. */
class ExampleDefectsTest {
  /** A matmul over a temporary: right where the scratch before it keeps to itself. */
  private static float[] multiplied(Defect defect) {
    try (ExampleDevice device = ExampleDevice.with(defect)) {
      Map<Buffer, Buffer> there = new HashMap<>();
      Tensor y = device.backend().allocate(DType.F32, 1, 2);
      Program.Builder program = Program.builder("behind a copy");
      Tensor x = program.temporary("x", DType.F32, 1, 16);
      Tensor given = device.mirror(heap(DType.F32, Inputs.normal(1, 16, 1), 1, 16), there);
      Tensor w = device.mirror(heap(DType.F32, Inputs.normal(2, 32, 1), 2, 16), there);
      program.input(given).output(y).add(new Copy(given, x)).add(new Matmul(x, w, y));
      try (Executable executable = device.backend().compile(program.build())) {
        device.stream().submit(executable);
        return device.stream().readFloats(y);
      }
    }
  }

  @Test
  void anOverflowOfTheWorkspaceShowsInAProgram() {
    assertThat(multiplied(Defect.WORKSPACE_OVERFLOW)).isNotEqualTo(multiplied(Defect.NONE));
  }

  /** What position 0 of the second slot holds after an append to a position that the first no longer has. */
  private static float[] afterAppendPastTheEnd(Defect defect) {
    try (ExampleDevice device = ExampleDevice.with(defect)) {
      Stream stream = device.stream();
      KvCache cache = device.backend().newKvCache(new KvCache.Spec(1, 1, 2, 2, DType.F32, 4, 1, 2, 4));
      int first = cache.open();
      cache.reserve(stream, first, 0, 1);
      cache.truncate(stream, first, 0);
      int second = cache.open();
      cache.reserve(stream, second, 0, 1);
      append(device, cache, second, 1);
      append(device, cache, first, 2);
      return cache.read(stream, second, 0, KvCache.Part.KEY, 0, 0);
    }
  }

  private static void append(ExampleDevice device, KvCache cache, int slot, double value) {
    Tensor row = heap(DType.F32, new double[] {value, value}, 1, 1, 2);
    device.run(new KvAppend(row, row, new Ragged(ints(0, 1), ints(slot), ints(0)), cache, 0));
  }

  @Test
  void aReleasedPageThatIsKeptIsWrittenByTheWrongSequence() {
    assertThat(afterAppendPastTheEnd(Defect.NONE)).containsExactly(1, 1);
    assertThat(afterAppendPastTheEnd(Defect.RELEASED_PAGES_KEPT)).containsExactly(2, 2);
  }

  /** What a copy to the host holds after synchronize. */
  private static float[] scaled(Defect defect) {
    try (ExampleDevice device = ExampleDevice.with(defect)) {
      Map<Buffer, Buffer> there = new HashMap<>();
      Tensor x = device.mirror(heap(DType.F32, new double[] {1, 2}, 2), there);
      Tensor y = device.mirror(output(DType.F32, 2), there);
      Tensor back = output(DType.F32, 2);
      try (Executable executable = device.backend().compile(Program.of(new Scale(x, 2, y)))) {
        device.stream().submit(executable);
        device.stream().copy(y, back);
        device.stream().synchronize();
        return back.buffer().host().orElseThrow().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
      }
    }
  }

  @Test
  void whatIsNotWaitedForIsNotThere() {
    assertThat(scaled(Defect.NONE)).containsExactly(2, 4);
    assertThat(scaled(Defect.UNSYNCHRONISED_STREAM)).containsExactly(0, 0);
    assertThat(scaled(Defect.COPIES_OVERTAKE)).containsExactly(0, 0);
  }

  @Test
  void aSumWhoseOrderVariesHasOtherBitsInEachRun() {
    Operator matmul = new Matmul(heap(DType.F32, Inputs.normal(1, 1024, 1), 1, 1024), heap(DType.F32, Inputs.normal(2, 8192, 1), 8, 1024),
        output(DType.F32, 1, 8));
    try (ExampleDevice healthy = ExampleDevice.healthy(); ExampleDevice broken = ExampleDevice.with(Defect.SUM_ORDER_VARIES)) {
      assertThat(healthy.run(matmul).get("y")).isEqualTo(healthy.run(matmul).get("y"));
      assertThat(broken.run(matmul).get("y")).isNotEqualTo(broken.run(matmul).get("y"));
    }
  }

  @Test
  void aPlanThatCountsItsAsksIsAnotherEachTime() {
    Operator scale = new Scale(output(DType.F32, 1), 2, output(DType.F32, 1));
    try (ExampleDevice healthy = ExampleDevice.healthy(); ExampleDevice broken = ExampleDevice.with(Defect.UNSTABLE_PLAN)) {
      assertThat(healthy.backend().plan(scale)).isEqualTo(healthy.backend().plan(scale));
      assertThat(broken.backend().plan(scale)).isNotEqualTo(broken.backend().plan(scale));
    }
  }

  @Test
  void memoryThatIsNeverGivenBackRunsOut() {
    BackendOptions small = BackendOptions.none().with("memory", "1K");
    for (Defect defect : List.of(Defect.NONE, Defect.MEMORY_NEVER_GIVEN_BACK)) {
      try (Backend backend = Gatun.open("example", small.with("defect", defect.label()))) {
        assertThat(allocatesTenTimes(backend)).isEqualTo(defect == Defect.NONE);
      }
    }
  }

  private static boolean allocatesTenTimes(Backend backend) {
    try {
      for (int i = 0; i < 10; i++) {
        backend.allocate(512).close();
      }
      return true;
    } catch (DeviceException e) {
      return false;
    }
  }

  @Test
  void anUnknownOptionPassesUnnoticed() {
    Gatun.open("example", BackendOptions.none().with("colour", "red").with("defect", "unknown_option_ignored")).close();
  }
}
