package dev.gatun.cuda.op;

import dev.gatun.MlaAttention;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;

/** mla_attention. */
final class MlaKernel implements OperatorKernel<MlaAttention> {
  @Override
  public Decision plan(MlaAttention o, Gpu gpu) {
    return new Unsupported("no kernel attends over latent rows yet; use the CPU backend");
  }

  @Override
  public void bind(MlaAttention o, CudaPlan plan, Binding binding) {
    throw new IllegalStateException(o.name() + " has no kernel");
  }
}
