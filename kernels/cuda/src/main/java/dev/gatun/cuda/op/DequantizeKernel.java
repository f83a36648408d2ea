package dev.gatun.cuda.op;

import dev.gatun.Dequantize;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.spi.Decision;

/** dequantize: eight elements a thread. */
final class DequantizeKernel implements OperatorKernel<Dequantize> {
  private static final int ELEMENTS_PER_THREAD = 8;
  private static final int FLOPS_PER_ELEMENT = 2;

  @Override
  public Decision plan(Dequantize o, Gpu gpu) {
    String kernel = "expand_" + o.x().dtype().label();
    return Plans.refusal(o).orElseGet(() -> CudaPlan.streaming(o, kernel, ELEMENTS_PER_THREAD + " elements a thread",
        FLOPS_PER_ELEMENT * o.x().shape().elements()));
  }

  @Override
  public void bind(Dequantize o, CudaPlan plan, Binding binding) {
    LaunchBuilder launch = binding.launch(plan.kernel()).pointer("indices", 0);
    BlockRows.finish(launch, plan, o.x(), o.y(), ELEMENTS_PER_THREAD, binding);
  }
}
