package dev.gatun.tornado.op;

import dev.gatun.Penalize;
import dev.gatun.Tensor;
import dev.gatun.spi.Decision;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Launch;
import dev.gatun.tornado.kernel.Penalties;
import java.util.ArrayList;
import java.util.List;

/** Penalize: the logits are copied unless it works in place; then an item an entry of a history. */
final class PenalizeKernel implements OperatorKernel<Penalize> {
  private static final int FLOPS = 4;

  @Override
  public Decision plan(Penalize operator, Traits traits) {
    return Shapes.refusal(operator).map(Decision.class::cast).orElseGet(() -> new TornadoPlan(Penalties.LOWER.name(), "an entry of the history an item", 0,
        Shapes.bytes(operator), FLOPS * operator.history().shape().elements(), List.of()));
  }

  @Override
  public List<Launch> launches(Penalize operator, Traits traits, Binding binding) {
    Tensor x = operator.x();
    Tensor y = operator.y();
    Tensor history = operator.history();
    Tensor penalties = operator.penalties();
    long rows = x.size(0);
    Shapes.Count count = Shapes.Count.of(binding, operator);
    List<Launch> launches = new ArrayList<>();
    if (!x.isSameView(y)) {
      launches.add(Launch.of(Penalties.COPY)
          .integers(x.size(1), rows, count.index(), binding.index(x), Shapes.stride(x, 0), binding.index(y), Shapes.stride(y, 0))
          .memory(binding.place(x)).memory(count.place()).memory(binding.place(y)).over(Grid.items(x.shape().elements(), traits.local())));
    }
    launches.add(Launch.of(Penalties.LOWER)
        .integers(x.size(1), history.size(1), rows, count.index(), binding.index(history), Shapes.stride(history, 0), binding.index(operator.lengths()),
            binding.index(penalties), Shapes.stride(penalties, 0), binding.index(y), Shapes.stride(y, 0))
        .memory(binding.place(history)).memory(binding.place(operator.lengths())).memory(binding.place(penalties)).memory(count.place()).memory(binding.place(y))
        .over(Grid.items(history.shape().elements(), traits.local())));
    return launches;
  }
}
