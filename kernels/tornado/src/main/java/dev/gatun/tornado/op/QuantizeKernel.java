package dev.gatun.tornado.op;

import dev.gatun.DType;
import dev.gatun.Quantize;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Kernel;
import dev.gatun.tornado.kernel.Launch;
import dev.gatun.tornado.kernel.Rounding;
import java.util.List;
import java.util.Optional;

/** Quantize: a work-item for each block. */
final class QuantizeKernel implements OperatorKernel<Quantize> {
  private static final int FLOPS = 4;

  @Override
  public Decision plan(Quantize operator, Traits traits) {
    Optional<Kernel> kernel = kernel(operator.y().dtype());
    if (kernel.isEmpty()) {
      return new Unsupported("quantize to " + operator.y().dtype() + " has no TornadoVM kernel; it rounds to Q8_0, Q4_0, Q4_1, Q5_0 and Q5_1");
    }
    return Shapes.refusal(operator, traits, Math.ceilDiv(items(operator), (long) traits.local()), kernel.get()).map(Decision.class::cast)
        .orElseGet(() -> new TornadoPlan(kernel.get().name(), "blocks", 0, Shapes.bytes(operator), FLOPS * operator.x().shape().elements(), List.of()));
  }

  @Override
  public List<Launch> launches(Quantize operator, Traits traits, Binding binding) {
    Cut cut = new Cut(operator.x(), traits, Shapes.Count.of(binding, operator));
    return List.of(Launch.of(kernel(operator.y().dtype()).orElseThrow())
        .integers(cut.integers()).integers(blocks(operator)).integers(Shapes.rows(operator.x(), binding)).integers(Shapes.rows(operator.y(), binding))
        .memory(binding.place(operator.x())).memory(binding.place(operator.y())).memory(cut.count().place())
        .over(Grid.items(items(operator), traits.local())));
  }

  private static long blocks(Quantize operator) {
    return Math.max(1, operator.x().size(-1) / operator.y().dtype().blockSize());
  }

  private static long items(Quantize operator) {
    return Cut.rows(operator.x()) * blocks(operator);
  }

  private static Optional<Kernel> kernel(DType type) {
    return switch (type) {
      case Q8_0 -> Optional.of(Rounding.Q8_0);
      case Q4_0 -> Optional.of(Rounding.Q4_0);
      case Q4_1 -> Optional.of(Rounding.Q4_1);
      case Q5_0 -> Optional.of(Rounding.Q5_0);
      case Q5_1 -> Optional.of(Rounding.Q5_1);
      default -> Optional.empty();
    };
  }
}
