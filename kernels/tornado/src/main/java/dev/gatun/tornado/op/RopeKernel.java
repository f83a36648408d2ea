package dev.gatun.tornado.op;

import dev.gatun.DType;
import dev.gatun.Rope;
import dev.gatun.Rotation;
import dev.gatun.Tensor;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Kernel;
import dev.gatun.tornado.kernel.Launch;
import dev.gatun.tornado.kernel.Rotations;
import dev.gatun.tornado.kernel.Turns;
import java.util.Arrays;
import java.util.List;

/** Rope: an item a pair, of one head on a GPU and of all heads of a token on a processor, which then finds each angle once. */
final class RopeKernel implements OperatorKernel<Rope> {
  private static final int FLOPS = 3;

  private static Kernel kernel(Rope operator) {
    return operator.x().dtype() == DType.F32 && operator.y().dtype() == DType.F32 ? Rotations.F32 : Rotations.ANY;
  }

  private static int heads(Rope operator) {
    return Math.toIntExact(operator.x().size(1));
  }

  private static int units(Rope operator) {
    return Math.toIntExact(operator.x().size(2)) - operator.rotation().dims() / 2;
  }

  private static int each(Rope operator, Traits traits) {
    return Math.max(1, traits.cpu() ? heads(operator) : 1);
  }

  @Override
  public Decision plan(Rope operator, Traits traits) {
    if (operator.factors().isPresent() && Arrays.stream(operator.rotation().frequencies()).anyMatch(f -> f >= 2 * Math.PI)) {
      return new Unsupported("with frequency factors a pair must turn by less than a turn a position; raise the base of " + operator.rotation());
    }
    return Shapes.refusal(operator).map(Decision.class::cast).orElseGet(() -> new TornadoPlan(kernel(operator).name(),
        "a pair an item, " + each(operator, traits) + " heads", 0, Shapes.bytes(operator), FLOPS * operator.y().shape().elements(), List.of()));
  }

  @Override
  public List<Launch> launches(Rope operator, Traits traits, Binding binding) {
    Tensor x = operator.x();
    Rotation rotation = operator.rotation();
    Shapes.Count count = Shapes.Count.of(binding, operator);
    int each = each(operator, traits);
    Tensor factors = operator.factors().orElse(x);
    Launch.Builder launch = Launch.of(kernel(operator))
        .integers(units(operator), rotation.dims() / 2, heads(operator), each, x.size(0), count.index(), rotation.pairs() == Rotation.Pairs.INTERLEAVED ? 1 : 0,
            binding.index(operator.positions()), operator.factors().isPresent() ? binding.index(factors) : -1, Shapes.type(x), Shapes.type(operator.y()))
        .integers(Shapes.rows(x, binding)).integers(Shapes.rows(operator.y(), binding)).floats((float) rotation.amplitude());
    for (double frequency : rotation.frequencies()) {
      launch.integers(Turns.fixed(frequency));
    }
    return List.of(launch.memory(binding.place(x)).memory(binding.place(operator.positions())).memory(binding.place(factors)).memory(count.place())
        .memory(binding.place(operator.y())).over(Grid.items(Rotations.items(x.size(0), units(operator), heads(operator), each), traits.local())));
  }
}
