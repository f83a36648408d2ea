package dev.gatun.cpu.op;

import dev.gatun.DType;
import dev.gatun.Operator;
import dev.gatun.Tensor;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** How the operators of this package word their plans. */
final class Plans {
  private Plans() {}

  /** {@code operator_types_form}, each type of its data once. */
  static String kernel(Operator operator, Lanes lanes) {
    return operator.operands().stream().map(o -> o.tensor().dtype()).filter(t -> t != DType.I32).distinct()
        .map(t -> t.label() + "_").collect(Collectors.joining("", operator.name() + "_", lanes.name().toLowerCase(Locale.ROOT)));
  }

  /** A plan with {@code scratch} bytes for each worker, that moves every operand once. */
  static CpuPlan of(Operator operator, Lanes lanes, String tile, int workers, long scratch, long flops) {
    return new CpuPlan(kernel(operator, lanes), tile, Scratch.bytes(workers, scratch), CpuPlan.bytes(operator), flops, List.of());
  }

  /** The refusal of an operand in a layout of {@code prepare}'s, or of rows too long to count in an int; empty if there is nothing to refuse. */
  static Optional<Decision> refusal(Operator operator) {
    for (Operator.Operand operand : operator.operands()) {
      Tensor t = operand.tensor();
      if (!t.isPlain()) {
        return Optional.of(new Unsupported(operand.name() + " " + t + " was prepared for another use; pass the tensor it was prepared from"));
      }
      for (int i = 0; i < t.shape().rank(); i++) {
        if (t.size(i) > Integer.MAX_VALUE - 64) {
          return Optional.of(new Unsupported(operand.name() + " " + t + " has a dimension past 2^31; split it"));
        }
      }
      if (t.shape().rows() > Integer.MAX_VALUE - 64) {
        return Optional.of(new Unsupported(operand.name() + " " + t + " has more than 2^31 rows; split it"));
      }
    }
    return Optional.empty();
  }
}
