package dev.gatun.cuda.op;

import dev.gatun.Operator;
import dev.gatun.Tensor;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import java.util.List;
import java.util.Optional;

/** What the decisions of this package share. */
final class Plans {
  private static final int MOST = Integer.MAX_VALUE - 1024;
  private static final int BLOCKS_PER_MULTIPROCESSOR = 8;

  private Plans() {}

  /** The refusal of an operand in a layout of {@code prepare}'s, or of one with too many rows to count in an int; empty if there is nothing to refuse. */
  static Optional<Decision> refusal(Operator operator) {
    return refusal(operator, List.of());
  }

  /** As {@link #refusal(Operator)}, of an operator that takes these in {@link BandLayout}. */
  static Optional<Decision> refusal(Operator operator, List<Tensor> inBands) {
    for (Operator.Operand operand : operator.operands()) {
      Tensor t = operand.tensor();
      if (!t.isPlain() && !(BandLayout.has(t) && inBands.contains(t))) {
        return Optional.of(new Unsupported(operand.name() + " " + t + " was prepared for another use; pass the tensor it was prepared from"));
      }
      for (int i = 0; i < t.shape().rank(); i++) {
        if (t.size(i) > MOST) {
          return Optional.of(new Unsupported(operand.name() + " " + t + " has a dimension past 2^31; split it"));
        }
      }
      if (t.shape().rows() > MOST) {
        return Optional.of(new Unsupported(operand.name() + " " + t + " has more than 2^31 rows; split it"));
      }
    }
    return Optional.empty();
  }

  /** Blocks of {@code kernel}, which strides over its work, to have {@code threads} threads, until the device is full. */
  static long blocksOf(String kernel, long threads, dev.gatun.cuda.kernel.Gpu gpu) {
    return blocks(Math.ceilDiv(threads, gpu.manifest().kernel(kernel).threads()), gpu);
  }

  /** Blocks for kernels that stride over {@code units} of work: one each, until the device is full. */
  static long blocks(long units, dev.gatun.cuda.kernel.Gpu gpu) {
    return Math.min(units, (long) gpu.multiprocessors() * BLOCKS_PER_MULTIPROCESSOR);
  }
}
