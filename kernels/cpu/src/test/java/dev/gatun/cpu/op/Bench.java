package dev.gatun.cpu.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.Operator;
import dev.gatun.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;

/** Host tensors, and operators bound by hand and run on pretended workers. */
final class Bench {
  private static final Arena ARENA = Arena.ofAuto();

  private Bench() {}

  static Tensor floats(float[] values, long... shape) {
    MemorySegment segment = ARENA.allocate(Math.max(4, 4L * values.length), 64);
    MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_FLOAT, 0, values.length);
    return Tensor.ofHost(segment, DType.F32, shape);
  }

  static Tensor ints(int... values) {
    MemorySegment segment = ARENA.allocate(Math.max(4, 4L * values.length), 64);
    MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_INT, 0, values.length);
    return Tensor.ofHost(segment, DType.I32, values.length);
  }

  static Tensor ints(int[] values, long... shape) {
    return ints(values).reshape(shape);
  }

  static Tensor empty(DType type, long... shape) {
    long elements = 1;
    for (long size : shape) {
      elements *= size;
    }
    MemorySegment segment = ARENA.allocate(type.bytes(elements), 64);
    segment.fill((byte) 0xFF);
    return Tensor.ofHost(segment, type, shape);
  }

  static float[] read(Tensor tensor) {
    return tensor.buffer().host().get().asSlice(tensor.offset(), tensor.bytes()).toArray(ValueLayout.JAVA_FLOAT);
  }

  static int[] readInts(Tensor tensor) {
    return tensor.buffer().host().get().asSlice(tensor.offset(), tensor.bytes()).toArray(ValueLayout.JAVA_INT);
  }

  /** Every operator but matmul, in Java. */
  static OperatorKernels kernels(Lanes lanes) {
    return new OperatorKernels(lanes, null, null, new AttentionKernel(_ -> Optional.empty()), new MlaKernel(_ -> Optional.empty(), _ -> Optional.empty()));
  }

  /** Runs an operator as {@code workers} workers would, units dealt out one by one, last first. */
  static void run(Operator operator, Lanes lanes, int workers) {
    OperatorKernels kernels = kernels(lanes);
    assertThat(kernels.plan(operator.toCase().operator(), workers)).isInstanceOf(CpuPlan.class);
    CpuPlan plan = (CpuPlan) kernels.plan(operator, workers);
    MemorySegment workspace = ARENA.allocate(Math.max(64, plan.workspaceBytes()), 64);
    workspace.fill((byte) 0xFF);
    Binding binding = new Binding(storage -> new Binding.Place(((Buffer) storage).host().get(), 0),
        new Binding.Place(workspace.asSlice(0, plan.workspaceBytes()), 0), workers, RowMath.of(lanes));
    List<Step> steps = kernels.bind(operator, binding);
    for (Step step : steps) {
      int units = step.units();
      for (int unit = units - 1; unit >= 0; unit--) {
        step.run(unit, unit + 1, unit % workers);
      }
    }
  }

  static void close(float[] found, double[] wanted, double nmse) {
    assertThat(found).hasSameSizeAs(wanted);
    double error = 0;
    double size = 0;
    for (int i = 0; i < found.length; i++) {
      assertThat(Double.isNaN(found[i])).as("NaN at %d: %s for %s", i, found[i], wanted[i]).isEqualTo(Double.isNaN(wanted[i]));
      if (!Double.isNaN(wanted[i])) {
        error += (found[i] - wanted[i]) * (found[i] - wanted[i]);
        size += wanted[i] * wanted[i];
      }
    }
    assertThat(error).as("squared error of %s against %s", error, size).isLessThanOrEqualTo(nmse * size + 1e-30);
  }
}
