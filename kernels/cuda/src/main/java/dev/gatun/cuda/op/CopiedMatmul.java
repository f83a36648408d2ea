package dev.gatun.cuda.op;

import dev.gatun.Matmul;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import java.util.Optional;

/** By warps' products and asynchronous copies of 16 bytes ({@code cgemm}), a block a tile. */
final class CopiedMatmul extends StagedMatmul {
  /** A form. */
  CopiedMatmul() {
    super("cgemm_");
  }

  @Override
  Optional<String> missing(Gpu gpu) {
    return gpu.tensorCores() ? Optional.empty() : Optional.of("compute capability " + gpu.computeCapability() + " has no BF16 tensor cores");
  }

  @Override
  TileRates rates(Gpu gpu) {
    return TileRates.warps(gpu.computeCapability());
  }

  @Override
  void launch(LaunchBuilder launch, Matmul o, TileCut cut, long x, Binding binding) {
    launch.pointer("x", x).set("x_row", rowBytes(o, cut)).set("x_part", cut.partBytes()).pointer("w", binding.address(o.w()))
        .set("w_row", MatmulKernel.stride(o.w())).grid(cut.works());
  }
}
