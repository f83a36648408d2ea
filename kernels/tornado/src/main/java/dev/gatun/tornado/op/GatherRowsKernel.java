package dev.gatun.tornado.op;

import dev.gatun.GatherRows;
import dev.gatun.spi.Decision;
import dev.gatun.tornado.kernel.Copies;
import dev.gatun.tornado.kernel.Launch;
import java.util.List;

/** GatherRows: a work-group for each piece of a row of y. */
final class GatherRowsKernel implements OperatorKernel<GatherRows> {
  @Override
  public Decision plan(GatherRows operator, Traits traits) {
    return Shapes.refusal(operator, traits, Cut.groups(operator.y(), traits), Copies.GATHER).map(Decision.class::cast).orElseGet(() -> {
      long picked = operator.rows().size(0);
      long bytes = picked * (Integer.BYTES + 2 * operator.y().dtype().bytes(operator.y().size(1)));
      return new TornadoPlan(Copies.GATHER.name(), Cut.tile(traits), 0, bytes, 0, List.of());
    });
  }

  @Override
  public List<Launch> launches(GatherRows operator, Traits traits, Binding binding) {
    // The count of x is another one, which picks are not checked against.
    Cut cut = new Cut(operator.y(), traits, Shapes.Count.of(binding, operator.y()));
    return List.of(Launch.of(Copies.GATHER)
        .integers(cut.integers()).integers(Shapes.type(operator.y()), operator.x().size(0), binding.index(operator.rows()), 0)
        .integers(Shapes.rows(operator.x(), binding)).integers(Shapes.rows(operator.y(), binding))
        .memory(binding.place(operator.x())).memory(binding.place(operator.y())).memory(binding.place(operator.rows())).memory(cut.count().place())
        .over(cut.grid()));
  }
}
