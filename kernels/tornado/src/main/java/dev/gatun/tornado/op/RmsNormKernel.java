package dev.gatun.tornado.op;

import dev.gatun.DType;
import dev.gatun.RmsNorm;
import dev.gatun.spi.Decision;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Kernel;
import dev.gatun.tornado.kernel.Launch;
import dev.gatun.tornado.kernel.Norms;
import java.util.List;

/** RmsNorm: a work-group a row. */
final class RmsNormKernel implements OperatorKernel<RmsNorm> {
  private static final int FLOPS = 4;

  private static Kernel kernel(RmsNorm operator) {
    return operator.x().dtype() == DType.F32 && operator.y().dtype() == DType.F32 ? Norms.RMS_F32 : Norms.RMS;
  }

  private static long groups(RmsNorm operator) {
    return Shapes.rowsEach(operator.x()) * operator.x().size(0);
  }

  @Override
  public Decision plan(RmsNorm operator, Traits traits) {
    return Shapes.refusal(operator, traits, groups(operator), kernel(operator)).map(Decision.class::cast)
        .orElseGet(() -> new TornadoPlan(kernel(operator).name(), "a row for " + traits.local() + " items", 0, Shapes.bytes(operator),
            FLOPS * operator.x().shape().elements(), List.of()));
  }

  @Override
  public List<Launch> launches(RmsNorm operator, Traits traits, Binding binding) {
    long each = Shapes.rowsEach(operator.x());
    Shapes.Count count = Shapes.Count.of(binding, operator);
    return List.of(Launch.of(kernel(operator))
        .integers(operator.x().size(-1), each, operator.x().size(0), count.index(), Shapes.type(operator.x()), Shapes.type(operator.y()),
            binding.index(operator.weight()))
        .integers(Shapes.rows(operator.x(), binding)).integers(Shapes.rows(operator.y(), binding))
        .floats(operator.eps())
        .memory(binding.place(operator.x())).memory(binding.place(operator.weight())).memory(binding.place(operator.y())).memory(count.place())
        .over(Grid.groups(groups(operator), traits.local())));
  }
}
