package dev.gatun.cuda.op;

import dev.gatun.Operator;
import dev.gatun.Tensor;
import dev.gatun.spi.Plan;
import java.util.List;

/**
 * What a CUDA device would run.
 *
 * @param kernel the kernel's name in the manifest, the main one where there are several
 * @param tile how the work is cut
 * @param workspaceBytes scratch memory
 * @param bytes bytes moved
 * @param flops operations done
 * @param rejected other plans with the reasons against them
 */
public record CudaPlan(String kernel, String tile, long workspaceBytes, long bytes, long flops, List<String> rejected) implements Plan {
  /** A plan that reads and writes every operand once and has no workspace. */
  static CudaPlan streaming(Operator operator, String kernel, String tile, long flops) {
    return new CudaPlan(kernel, tile, 0, bytes(operator), flops, List.of());
  }

  /** The bytes of all operands of {@code operator}, each once. */
  static long bytes(Operator operator) {
    return operator.operands().stream().mapToLong(operand -> bytes(operand.tensor())).sum();
  }

  /** The bytes of all elements of {@code tensor}, at the bound of a varying size; in a layout of this backend's, with what that adds. */
  static long bytes(Tensor tensor) {
    return !tensor.isPlain() ? tensor.storage().bytes() : tensor.dtype().bytes(tensor.shape().elements());
  }
}
