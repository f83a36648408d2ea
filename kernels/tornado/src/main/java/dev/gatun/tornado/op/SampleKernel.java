package dev.gatun.tornado.op;

import dev.gatun.Sample;
import dev.gatun.Tensor;
import dev.gatun.spi.Decision;
import dev.gatun.tornado.kernel.Draws;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Launch;
import java.util.List;

/** Sample: a work-group a row; the weights of its elements lie in scratch memory. */
final class SampleKernel implements OperatorKernel<Sample> {
  private static final int FLOPS = 20;

  @Override
  public Decision plan(Sample operator, Traits traits) {
    long elements = operator.x().shape().elements();
    return Shapes.refusal(operator, traits, operator.x().size(0), Draws.SAMPLE).map(Decision.class::cast)
        .orElseGet(() -> new TornadoPlan(Draws.SAMPLE.name(), "a row for " + traits.local() + " items",
            Float.BYTES * elements, Shapes.bytes(operator), FLOPS * elements, List.of()));
  }

  @Override
  public List<Launch> launches(Sample operator, Traits traits, Binding binding) {
    Tensor x = operator.x();
    Shapes.Count count = Shapes.Count.of(binding, operator);
    return List.of(Launch.of(Draws.SAMPLE)
        .integers(x.size(1), x.size(0), count.index(), binding.index(x), Shapes.stride(x, 0), binding.index(operator.controls()), Shapes.stride(operator.controls(), 0),
            binding.index(operator.seeds()), Shapes.stride(operator.seeds(), 0), binding.index(operator.positions()), binding.index(operator.ids()),
            binding.workspace().index(Float.BYTES), Draws.STAGES)
        .memory(binding.place(x)).memory(binding.place(operator.controls())).memory(binding.place(operator.seeds())).memory(binding.place(operator.positions()))
        .memory(count.place()).memory(binding.workspace()).memory(binding.place(operator.ids()))
        .over(Grid.groups(x.size(0), traits.local())));
  }
}
