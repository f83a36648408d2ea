package dev.gatun.cuda.op;

import dev.gatun.LayerNorm;
import dev.gatun.Operator;
import dev.gatun.RmsNorm;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.spi.Decision;
import java.util.Optional;

/** rms_norm and layer_norm: a block a row. */
final class NormKernel implements OperatorKernel<Operator> {
  /** Up to here a small block has every element of a row in flight at once. */
  private static final int SMALL = 512;

  private record Parts(Tensor x, Tensor y, Tensor weight, Optional<Tensor> bias, float epsilon, int flops) {}

  private static Parts parts(Operator operator) {
    return switch (operator) {
      case RmsNorm o -> new Parts(o.x(), o.y(), o.weight(), Optional.empty(), o.eps(), 4);
      case LayerNorm o -> new Parts(o.x(), o.y(), o.weight(), o.bias(), o.eps(), 7);
      default -> throw new IllegalArgumentException(operator.name() + " is no norm");
    };
  }

  @Override
  public Decision plan(Operator operator, Gpu gpu) {
    Parts parts = parts(operator);
    String kernel = operator.name() + (parts.x.size(-1) <= SMALL ? "_128" : "_512");
    return Plans.refusal(operator).orElseGet(() -> CudaPlan.streaming(operator, kernel, "a block a row", parts.flops * parts.x.shape().elements()));
  }

  @Override
  public void bind(Operator operator, CudaPlan plan, Binding binding) {
    Parts parts = parts(operator);
    RowShape rows = RowShape.of(binding, parts.x, parts.y);
    LaunchBuilder launch = binding.launch(plan.kernel());
    rows.pass(launch, "x", parts.x, binding);
    rows.pass(launch, "y", parts.y, binding);
    launch.pointer("weight", binding.address(parts.weight)).pointer("bias", binding.address(parts.bias)).set("width", rows.width())
        .set("epsilon", parts.epsilon).grid(rows.width() == 0 ? 0 : Plans.blocks(rows.rows(), binding.gpu()));
  }
}
