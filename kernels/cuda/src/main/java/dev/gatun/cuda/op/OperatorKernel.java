package dev.gatun.cuda.op;

import dev.gatun.Operator;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.spi.Decision;

/** An operator's form on CUDA devices. */
interface OperatorKernel<O extends Operator> {
  /** The one decision: a {@link CudaPlan}, or why there is none. Pure, and blind to addresses and offsets. */
  Decision plan(O operator, Gpu gpu);

  /** Adds the launches of an operator whose tensors have addresses, as {@code plan} decided for its case. */
  void bind(O operator, CudaPlan plan, Binding binding);
}
