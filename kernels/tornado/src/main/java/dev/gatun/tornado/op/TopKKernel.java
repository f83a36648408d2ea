package dev.gatun.tornado.op;

import dev.gatun.Tensor;
import dev.gatun.TopK;
import dev.gatun.spi.Decision;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Launch;
import dev.gatun.tornado.kernel.Ranking;
import java.util.List;

/** TopK: a work-group a row. */
final class TopKKernel implements OperatorKernel<TopK> {
  @Override
  public Decision plan(TopK operator, Traits traits) {
    return Shapes.refusal(operator, traits, operator.x().size(0), Ranking.TOP_K).map(Decision.class::cast)
        .orElseGet(() -> new TornadoPlan(Ranking.TOP_K.name(), "a row for " + traits.local() + " items", 0,
            Shapes.bytes(operator), operator.x().shape().elements(), List.of()));
  }

  @Override
  public List<Launch> launches(TopK operator, Traits traits, Binding binding) {
    Tensor x = operator.x();
    Tensor values = operator.values();
    Tensor indices = operator.indices();
    Shapes.Count count = Shapes.Count.of(binding, operator);
    return List.of(Launch.of(Ranking.TOP_K)
        .integers(x.size(1), values.size(1), x.size(0), count.index(), Shapes.type(x), binding.index(x), Shapes.stride(x, 0), binding.index(values), Shapes.stride(values, 0),
            binding.index(indices), Shapes.stride(indices, 0))
        .memory(binding.place(x)).memory(count.place()).memory(binding.place(values)).memory(binding.place(indices))
        .over(Grid.groups(x.size(0), traits.local())));
  }
}
