package dev.gatun.tornado.op;

import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.spi.Decision;
import dev.gatun.tornado.kernel.Expand;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Kernel;
import dev.gatun.tornado.kernel.Launch;
import dev.gatun.tornado.kernel.Pieces;
import java.util.List;

/** Dequantize: a work-group for each piece of a row; the types of most files have a kernel each. */
final class DequantizeKernel implements OperatorKernel<Dequantize> {
  @Override
  public Decision plan(Dequantize operator, Traits traits) {
    return Shapes.refusal(operator).map(Decision.class::cast).orElseGet(() -> new TornadoPlan(kernel(operator.x().dtype()).name(),
        "pieces of " + Pieces.elements(traits.local()), 0, Shapes.bytes(operator), operator.x().shape().elements(), List.of()));
  }

  @Override
  public List<Launch> launches(Dequantize operator, Traits traits, Binding binding) {
    long n = operator.x().size(-1);
    long each = Shapes.rowsEach(operator.x());
    long pieces = Pieces.of(n, traits.local());
    Shapes.Count count = Shapes.Count.of(binding, operator);
    return List.of(Launch.of(kernel(operator.x().dtype()))
        .integers(n, each, operator.x().size(0), count.index(), pieces, Pieces.elements(traits.local()), Shapes.type(operator.y()), Shapes.type(operator.x()),
            operator.x().dtype().blockBytes())
        .integers(Shapes.rows(operator.x(), binding)).integers(Shapes.rows(operator.y(), binding))
        .memory(binding.place(operator.x())).memory(binding.place(operator.y())).memory(count.place())
        .over(Grid.groups(each * operator.x().size(0) * pieces, traits.local())));
  }

  private static Kernel kernel(DType type) {
    return switch (type) {
      case Q8_0 -> Expand.Q8_0;
      case Q4_0 -> Expand.Q4_0;
      case Q4_K -> Expand.Q4_K;
      case Q6_K -> Expand.Q6_K;
      default -> Expand.OTHER;
    };
  }
}
