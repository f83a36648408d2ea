package dev.gatun.tornado.op;

import dev.gatun.Add;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.Mul;
import dev.gatun.Operator;
import dev.gatun.Scale;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Tensor;
import dev.gatun.spi.Decision;
import dev.gatun.tornado.kernel.Elementwise;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Kernel;
import dev.gatun.tornado.kernel.Launch;
import java.util.List;
import java.util.Optional;

/** Add, Mul, SiluMul, Gelu, GeluMul, Scale and Softcap: an item an element. */
final class ElementwiseKernel implements OperatorKernel<Operator> {
  /** What the family's operators have in common. */
  private record Parts(Kernel kernel, Tensor a, Optional<Tensor> b, Tensor y, int form, float number, int flops) {}

  private static Parts parts(Operator operator) {
    return switch (operator) {
      case Add o -> new Parts(Elementwise.ADD, o.a(), Optional.of(o.b()), o.y(), 0, 0, 1);
      case Mul o -> new Parts(Elementwise.MUL, o.a(), Optional.of(o.b()), o.y(), 0, 0, 1);
      case SiluMul o -> new Parts(Elementwise.SILU_MUL, o.gate(), Optional.of(o.up()), o.y(), 0, 0, 16);
      case GeluMul o -> new Parts(Elementwise.GELU_MUL, o.gate(), Optional.of(o.up()), o.y(), o.form().ordinal(), 0, 19);
      case Gelu o -> new Parts(Elementwise.GELU, o.x(), Optional.empty(), o.y(), o.form().ordinal(), 0, 18);
      case Scale o -> new Parts(Elementwise.SCALE, o.x(), Optional.empty(), o.y(), 0, o.factor(), 1);
      case Softcap o -> new Parts(Elementwise.SOFTCAP, o.x(), Optional.empty(), o.y(), 0, o.cap(), 28);
      default -> throw new IllegalArgumentException(operator.name() + " is no elementwise operator");
    };
  }

  @Override
  public Decision plan(Operator operator, Traits traits) {
    Parts parts = parts(operator);
    return Shapes.refusal(operator).map(Decision.class::cast).orElseGet(() -> new TornadoPlan(parts.kernel.name(), "an element an item", 0,
        Shapes.bytes(operator), parts.flops * parts.y.shape().elements(), List.of()));
  }

  @Override
  public List<Launch> launches(Operator operator, Traits traits, Binding binding) {
    Parts parts = parts(operator);
    Shapes.Count count = Shapes.Count.of(binding, operator);
    Tensor y = parts.y;
    long elements = y.shape().elements();
    Launch.Builder launch = Launch.of(parts.kernel)
        .integers(y.size(-1), Shapes.elementsEach(y), y.size(0), count.index(), parts.form)
        .integers(Shapes.type(parts.a)).integers(Shapes.rows(parts.a, binding)).integers(Shapes.type(y)).integers(Shapes.rows(y, binding))
        .floats(parts.number).memory(binding.place(parts.a));
    parts.b.ifPresent(b -> launch.integers(Shapes.type(b)).integers(Shapes.repeated(b, y, binding)).memory(binding.place(b)));
    return List.of(launch.memory(binding.place(y)).memory(count.place()).over(Grid.items(elements, traits.local())));
  }
}
