package dev.gatun.tck.example;

import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import dev.gatun.spi.DeviceMemory;
import java.util.Map;
import java.util.function.IntSupplier;

/**
 * Gives an operator's tensors their places when a program is compiled.
 *
 * @param workspace the executable's own memory: scratch first, which the operators use one after the other, then the temporaries
 * @param scratchBytes bytes of scratch
 * @param offsets where the temporaries lie behind the scratch
 * @param defect what is broken
 */
record Binding(ExampleMemory workspace, long scratchBytes, Map<Storage, Long> offsets, Defect defect) {
  Values values(Tensor tensor) {
    return switch (tensor.storage()) {
      case Buffer buffer -> values(tensor, buffer.memory());
      case Storage.Temporary temporary -> Values.of(tensor, workspace.segment(), workspace.start() + scratchBytes + offsets.get(temporary),
          defect);
      case Storage.Nowhere nowhere -> throw new IllegalStateException("a tensor without storage reached the compiler: " + tensor);
    };
  }

  private Values values(Tensor tensor, DeviceMemory memory) {
    return switch (memory) {
      case ExampleMemory own -> Values.of(tensor, own.segment(), own.start(), defect);
      case DeviceMemory.Host host -> Values.of(tensor, host.segment(), 0, defect);
      default -> throw new IllegalStateException("memory of another device reached the compiler: " + tensor);
    };
  }

  /** The actual size of dimension 0, read anew in each run: the count of whichever operand varies, clamped to the bound. */
  IntSupplier count(Tensor... operands) {
    for (Tensor operand : operands) {
      if (operand.count().isPresent()) {
        Values count = values(operand.count().get());
        int bound = (int) operand.size(0);
        if (defect == Defect.COUNT_READ_WHEN_COMPILED) {
          int now = Math.clamp(count.integer(0), 0, bound);
          return () -> now;
        }
        return () -> Math.clamp(count.integer(0), 0, bound);
      }
    }
    int fixed = (int) operands[0].size(0);
    return () -> fixed;
  }

  /** {@code n} four-byte elements of scratch from element {@code from} on. */
  Values scratch(DType dtype, long from, long n) {
    return Values.vector(workspace.segment(), workspace.start() + from * Float.BYTES, dtype, n);
  }
}
