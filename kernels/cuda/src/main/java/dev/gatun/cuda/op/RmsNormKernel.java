package dev.gatun.cuda.op;

import dev.gatun.RmsNorm;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.spi.Decision;

/** rms_norm: a block a row. */
final class RmsNormKernel implements OperatorKernel<RmsNorm> {
  private static final String KERNEL = "rms_norm_256";
  private static final int FLOPS_PER_ELEMENT = 4;

  @Override
  public Decision plan(RmsNorm o, Gpu gpu) {
    return Plans.refusal(o).orElseGet(() -> CudaPlan.streaming(o, KERNEL, "a block a row", FLOPS_PER_ELEMENT * o.x().shape().elements()));
  }

  @Override
  public void bind(RmsNorm o, CudaPlan plan, Binding binding) {
    RowShape rows = RowShape.of(binding, o.x(), o.y());
    LaunchBuilder launch = binding.launch(plan.kernel());
    rows.pass(launch, "x", o.x(), binding);
    rows.pass(launch, "y", o.y(), binding);
    launch.pointer("weight", binding.address(o.weight())).set("width", rows.width()).set("epsilon", o.eps()).grid(Plans.blocks(rows.rows(), binding.gpu()));
  }
}
