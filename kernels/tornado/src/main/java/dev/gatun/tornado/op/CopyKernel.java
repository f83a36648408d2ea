package dev.gatun.tornado.op;

import dev.gatun.Copy;
import dev.gatun.Tensor;
import dev.gatun.spi.Decision;
import dev.gatun.tornado.kernel.Copies;
import dev.gatun.tornado.kernel.Kernel;
import dev.gatun.tornado.kernel.Launch;
import java.util.List;

/** Copy: a work-group for each piece of a row; within a type bit by bit. */
final class CopyKernel implements OperatorKernel<Copy> {
  @Override
  public Decision plan(Copy operator, Traits traits) {
    return Shapes.refusal(operator, traits, Cut.groups(operator.x(), traits), kernel(operator)).map(Decision.class::cast)
        .orElseGet(() -> new TornadoPlan(kernel(operator).name(), Cut.tile(traits), 0,
            Shapes.bytes(operator), 0, List.of()));
  }

  @Override
  public List<Launch> launches(Copy operator, Traits traits, Binding binding) {
    Tensor x = operator.x();
    Tensor y = operator.y();
    Cut cut = new Cut(x, traits, Shapes.Count.of(binding, operator));
    long[] types = cast(operator) ? new long[] {Shapes.type(x), Shapes.type(y)} : new long[] {x.dtype().blockBytes(), 0};
    return List.of(Launch.of(kernel(operator))
        .integers(cut.integers()).integers(types).integers(Shapes.stride(x, -1), Shapes.stride(y, -1))
        .integers(Shapes.rows(x, binding)).integers(Shapes.rows(y, binding))
        .memory(binding.place(x)).memory(binding.place(y)).memory(cut.count().place())
        .over(cut.grid()));
  }

  private static boolean cast(Copy operator) {
    return operator.x().dtype() != operator.y().dtype();
  }

  private static Kernel kernel(Copy operator) {
    return cast(operator) ? Copies.CAST : Copies.SAME;
  }
}
