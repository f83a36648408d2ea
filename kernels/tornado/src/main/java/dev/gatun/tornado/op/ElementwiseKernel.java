package dev.gatun.tornado.op;

import dev.gatun.Add;
import dev.gatun.DType;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.Mul;
import dev.gatun.Operator;
import dev.gatun.Scale;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Tensor;
import dev.gatun.spi.Decision;
import dev.gatun.tornado.kernel.Dense;
import dev.gatun.tornado.kernel.Elementwise;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Kernel;
import dev.gatun.tornado.kernel.Launch;
import java.util.List;
import java.util.Optional;

/** Add, Mul, SiluMul, Gelu, GeluMul, Scale and Softcap: an item an element, or some where all is F32 without gaps. */
final class ElementwiseKernel implements OperatorKernel<Operator> {
  private static final long LEAST_STRETCH = 64;
  private static final long MOST_STRETCH = 4096;

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

  /** The kernel for F32 without gaps, if the operator has one and its operands are so. */
  private static Optional<Kernel> dense(Operator operator) {
    boolean fits = operator.operands().stream().map(Operator.Operand::tensor)
        .allMatch(t -> t.dtype() == DType.F32 && t.isContiguous() && t.shape().equals(parts(operator).y.shape()));
    return switch (operator) {
      case Add _ when fits -> Optional.of(Dense.ADD);
      case SiluMul _ when fits -> Optional.of(Dense.SILU_MUL);
      default -> Optional.empty();
    };
  }

  /** Elements of an item: a stretch on a processor, whose compiler vectorises it, and one on a GPU, where neighbouring items read together. */
  private static long each(long elements, Traits traits) {
    return traits.cpu() ? Math.clamp(Math.ceilDiv(elements, 2L * traits.units() * traits.local()), LEAST_STRETCH, MOST_STRETCH) : 1;
  }

  @Override
  public Decision plan(Operator operator, Traits traits) {
    Parts parts = parts(operator);
    long elements = parts.y.shape().elements();
    return Shapes.refusal(operator).map(Decision.class::cast).orElseGet(() -> {
      Optional<Kernel> dense = dense(operator);
      return new TornadoPlan(dense.orElse(parts.kernel).name(), (dense.isPresent() ? each(elements, traits) : 1) + " elements an item", 0, Shapes.bytes(operator),
          parts.flops * elements, List.of());
    });
  }

  @Override
  public List<Launch> launches(Operator operator, Traits traits, Binding binding) {
    Parts parts = parts(operator);
    Shapes.Count count = Shapes.Count.of(binding, operator);
    Tensor y = parts.y;
    long elements = y.shape().elements();
    Optional<Kernel> dense = dense(operator);
    if (dense.isPresent()) {
      Tensor b = parts.b.orElseThrow();
      long each = each(elements, traits);
      return List.of(Launch.of(dense.get())
          .integers(Shapes.elementsEach(y), y.size(0), count.index(), each, binding.index(parts.a), binding.index(b), binding.index(y))
          .memory(binding.place(parts.a)).memory(binding.place(b)).memory(count.place()).memory(binding.place(y))
          .over(Grid.items(Math.ceilDiv(elements, each), traits.local())));
    }
    Launch.Builder launch = Launch.of(parts.kernel)
        .integers(y.size(-1), Shapes.elementsEach(y), y.size(0), count.index(), parts.form)
        .integers(Shapes.type(parts.a)).integers(Shapes.rows(parts.a, binding)).integers(Shapes.type(y)).integers(Shapes.rows(y, binding))
        .floats(parts.number).memory(binding.place(parts.a));
    parts.b.ifPresent(b -> launch.integers(Shapes.type(b)).integers(Shapes.repeated(b, y, binding)).memory(binding.place(b)));
    return List.of(launch.memory(binding.place(y)).memory(count.place()).over(Grid.items(elements, traits.local())));
  }
}
