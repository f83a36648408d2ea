package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.Quantize;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;

/** quantize: four elements a thread, eight threads a block of 32. */
final class QuantizeKernel implements OperatorKernel<Quantize> {
  private static final int ELEMENTS_PER_THREAD = 4;
  private static final int FLOPS_PER_ELEMENT = 4;

  @Override
  public Decision plan(Quantize o, Gpu gpu) {
    DType type = o.y().dtype();
    if (type != DType.Q8_0 && type != DType.Q4_0) {
      return new Unsupported("quantize: no rounding of F32 to " + type + "; the CUDA backend has Q8_0 and Q4_0");
    }
    return Plans.refusal(o).orElseGet(() -> CudaPlan.streaming(o, "quantize_" + type.label(), ELEMENTS_PER_THREAD + " elements a thread",
        FLOPS_PER_ELEMENT * o.x().shape().elements()));
  }

  @Override
  public void bind(Quantize o, CudaPlan plan, Binding binding) {
    BlockRows.finish(binding.launch(plan.kernel()), plan, o.x(), o.y(), ELEMENTS_PER_THREAD, binding);
  }
}
