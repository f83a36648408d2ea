package dev.gatun.tornado.op;

import dev.gatun.LayerNorm;
import dev.gatun.Tensor;
import dev.gatun.spi.Decision;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Launch;
import dev.gatun.tornado.kernel.Norms;
import java.util.List;

/** LayerNorm: a work-group a row. */
final class LayerNormKernel implements OperatorKernel<LayerNorm> {
  private static final int FLOPS = 7;

  private static long groups(LayerNorm operator) {
    return Shapes.rowsEach(operator.x()) * operator.x().size(0);
  }

  @Override
  public Decision plan(LayerNorm operator, Traits traits) {
    return Shapes.refusal(operator, traits, groups(operator), Norms.LAYER).map(Decision.class::cast)
        .orElseGet(() -> new TornadoPlan(Norms.LAYER.name(), "a row for " + traits.local() + " items", 0, Shapes.bytes(operator),
            FLOPS * operator.x().shape().elements(), List.of()));
  }

  @Override
  public List<Launch> launches(LayerNorm operator, Traits traits, Binding binding) {
    long each = Shapes.rowsEach(operator.x());
    Shapes.Count count = Shapes.Count.of(binding, operator);
    Tensor bias = operator.bias().orElse(operator.weight());
    return List.of(Launch.of(Norms.LAYER)
        .integers(operator.x().size(-1), each, operator.x().size(0), count.index(), Shapes.type(operator.x()), Shapes.type(operator.y()),
            binding.index(operator.weight()))
        .integers(Shapes.rows(operator.x(), binding)).integers(Shapes.rows(operator.y(), binding))
        .integers(operator.bias().isPresent() ? binding.index(bias) : -1)
        .floats(operator.eps())
        .memory(binding.place(operator.x())).memory(binding.place(operator.weight())).memory(binding.place(bias)).memory(binding.place(operator.y()))
        .memory(count.place())
        .over(Grid.groups(groups(operator), traits.local())));
  }
}
