package dev.gatun.cuda.op;

import dev.gatun.Add;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.Mul;
import dev.gatun.Operator;
import dev.gatun.Scale;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.spi.Decision;
import java.util.Optional;

/** add, mul, scale, silu_mul, gelu, gelu_mul, softcap: one kernel template, a row to a power of two of threads. */
final class ElementwiseKernel implements OperatorKernel<Operator> {
  private static final int ELEMENTS_PER_THREAD = 4;
  private static final int MOST_PIECES = 64;

  /** What the family's operators have in common. */
  private record Parts(String kernel, Tensor a, Optional<Tensor> b, Tensor y, float number, int flops) {}

  private static Parts parts(Operator operator) {
    return switch (operator) {
      case Add o -> new Parts("add", o.a(), Optional.of(o.b()), o.y(), 0, 1);
      case Mul o -> new Parts("mul", o.a(), Optional.of(o.b()), o.y(), 0, 1);
      case Scale o -> new Parts("scale", o.x(), Optional.empty(), o.y(), o.factor(), 1);
      case SiluMul o -> new Parts("silu_mul", o.gate(), Optional.of(o.up()), o.y(), 0, 16);
      case Gelu o -> new Parts("gelu_" + form(o.form()), o.x(), Optional.empty(), o.y(), 0, 18);
      case GeluMul o -> new Parts("gelu_" + form(o.form()) + "_mul", o.gate(), Optional.of(o.up()), o.y(), 0, 19);
      case Softcap o -> new Parts("softcap", o.x(), Optional.empty(), o.y(), o.cap(), 28);
      default -> throw new IllegalArgumentException(operator.name() + " is no elementwise operator");
    };
  }

  private static String form(Gelu.Form form) {
    return switch (form) {
      case ERF -> "erf";
      case TANH -> "tanh";
    };
  }

  @Override
  public Decision plan(Operator operator, Gpu gpu) {
    Parts parts = parts(operator);
    return Plans.refusal(operator).orElseGet(() -> CudaPlan.streaming(operator, parts.kernel, "4 elements a thread", parts.flops * parts.y.shape().elements()));
  }

  @Override
  public void bind(Operator operator, CudaPlan plan, Binding binding) {
    Parts parts = parts(operator);
    Tensor b = parts.b.orElse(parts.a);
    boolean oneRow = b.shape().rank() < parts.a.shape().rank();
    RowShape rows = oneRow ? RowShape.of(binding, parts.y, parts.a) : RowShape.of(binding, parts.y, parts.a, b);
    LaunchBuilder launch = binding.launch(plan.kernel());
    rows.pass(launch, "a", parts.a, binding);
    rows.pass(launch, "y", parts.y, binding);
    if (oneRow) {
      rows.passRepeated(launch, "b", b, binding);
    } else {
      rows.pass(launch, "b", b, binding);
    }
    int threads = binding.gpu().manifest().kernel(plan.kernel()).threads();
    int needed = Math.max(1, Math.ceilDiv(rows.width(), ELEMENTS_PER_THREAD));
    int lanes = Math.min(threads, Integer.highestOneBit(2 * needed - 1));
    long rowBlocks = Math.ceilDiv(rows.rows(), (long) threads / lanes);
    long pieces = Math.min(MOST_PIECES, Math.ceilDiv(needed, lanes));
    launch.set("width", rows.width()).set("lanes", Integer.numberOfTrailingZeros(lanes)).set("number", parts.number)
        .grid(Plans.blocks(rowBlocks, binding.gpu()), rows.width() == 0 ? 0 : pieces, 1);
  }
}
