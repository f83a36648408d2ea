package dev.gatun.cpu.op;

import dev.gatun.Operator;
import dev.gatun.Tensor;
import dev.gatun.spi.Plan;
import java.util.List;

/**
 * What the CPU would run.
 *
 * @param kernel the kernel's name, {@code operator_types_form}
 * @param tile how the work is cut
 * @param workspaceBytes scratch memory
 * @param bytes bytes moved
 * @param flops operations done
 * @param rejected other plans with the reasons against them
 */
public record CpuPlan(String kernel, String tile, long workspaceBytes, long bytes, long flops, List<String> rejected) implements Plan {
  /** A plan that reads and writes every operand once and has no workspace. */
  public static CpuPlan streaming(Operator operator, String kernel, String tile, long flops) {
    return new CpuPlan(kernel, tile, 0, bytes(operator), flops, List.of());
  }

  /** The bytes of all operands of {@code operator}, each once. */
  public static long bytes(Operator operator) {
    long bytes = 0;
    for (Operator.Operand operand : operator.operands()) {
      bytes += bytes(operand.tensor());
    }
    return bytes;
  }

  /** The bytes of all elements of {@code tensor}, at the bound of a varying size. */
  public static long bytes(Tensor tensor) {
    return tensor.dtype().bytes(tensor.shape().elements());
  }
}
