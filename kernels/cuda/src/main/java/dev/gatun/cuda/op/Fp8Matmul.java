package dev.gatun.cuda.op;

import dev.gatun.Matmul;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import java.util.Optional;

/** By the warps' products of 8-bit floats. */
final class Fp8Matmul extends RoundedMatmul {
  private static final int EIGHT_BITS = 89;

  /** A form. */
  Fp8Matmul() {
    super("e4m3_gemm_64x128");
  }

  @Override
  Optional<String> missing(Matmul o, Gpu gpu) {
    return gpu.computeCapability() >= EIGHT_BITS ? Optional.empty()
        : Optional.of("compute capability " + gpu.computeCapability() + " has no products of 8-bit floats");
  }

  @Override
  void launch(LaunchBuilder launch, Matmul o, Codes codes, Binding binding) {
    launch.pointer("x", codes.address()).pointer("w", binding.address(o.w())).set("w_stride", MatmulKernel.stride(o.w())).grid(works(o, codes, binding.gpu()));
  }
}
