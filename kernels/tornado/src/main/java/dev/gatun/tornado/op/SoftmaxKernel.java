package dev.gatun.tornado.op;

import dev.gatun.Softmax;
import dev.gatun.Tensor;
import dev.gatun.spi.Decision;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Launch;
import dev.gatun.tornado.kernel.Softmaxes;
import java.util.List;

/** Softmax: a work-group a row. */
final class SoftmaxKernel implements OperatorKernel<Softmax> {
  private static final int FLOPS = 16;

  @Override
  public Decision plan(Softmax operator, Traits traits) {
    return Shapes.refusal(operator, traits, Cut.rows(operator.x()), Softmaxes.ROWS).map(Decision.class::cast)
        .orElseGet(() -> new TornadoPlan(Softmaxes.ROWS.name(), "a row for " + traits.local() + " items", 0,
            Shapes.bytes(operator), FLOPS * operator.x().shape().elements(), List.of()));
  }

  @Override
  public List<Launch> launches(Softmax operator, Traits traits, Binding binding) {
    Tensor x = operator.x();
    boolean vector = x.shape().rank() == 1;
    long each = Shapes.rowsEach(x);
    Shapes.Count count = Shapes.Count.of(binding, operator);
    return List.of(Launch.of(Softmaxes.ROWS)
        .integers(x.size(-1), vector ? -1 : each, x.size(0), count.index(), Shapes.type(x), Shapes.type(operator.y()))
        .integers(Shapes.rows(x, binding)).integers(Shapes.rows(operator.y(), binding)).floats(operator.scale())
        .memory(binding.place(x)).memory(binding.place(operator.y())).memory(count.place())
        .over(Grid.groups(Cut.rows(x), traits.local())));
  }
}
