package dev.gatun.cuda.op;

import dev.gatun.Softmax;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.spi.Decision;

/** softmax: a block a row. */
final class SoftmaxKernel implements OperatorKernel<Softmax> {
  private static final int SMALL = 1024;
  private static final int FLOPS_PER_ELEMENT = 16;

  @Override
  public Decision plan(Softmax o, Gpu gpu) {
    String kernel = o.x().size(-1) <= SMALL ? "softmax_128" : "softmax_1024";
    return Plans.refusal(o).orElseGet(() -> CudaPlan.streaming(o, kernel, "a block a row", FLOPS_PER_ELEMENT * o.x().shape().elements()));
  }

  @Override
  public void bind(Softmax o, CudaPlan plan, Binding binding) {
    RowShape shape = RowShape.of(binding, o.x(), o.y());
    // The one row of a tensor of one dimension is normalised over as many elements as there are.
    boolean varying = o.x().shape().rank() == 1 && shape.count() != 0;
    RowShape rows = varying ? new RowShape(0, 1, 1, 1, Math.toIntExact(o.x().size(0))) : shape;
    LaunchBuilder launch = binding.launch(plan.kernel());
    rows.pass(launch, "x", o.x(), binding);
    rows.pass(launch, "y", o.y(), binding);
    launch.pointer("varying", varying ? shape.count() : 0).set("width", rows.width()).set("factor", o.scale())
        .grid(rows.width() == 0 ? 0 : Plans.blocks(rows.rows(), binding.gpu()));
  }
}
