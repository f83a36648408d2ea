package dev.gatun.cuda.op;

import dev.gatun.Matmul;
import dev.gatun.cuda.kernel.Gpu;
import java.util.List;
import java.util.Optional;

/** For weights that {@code prepare} laid out for tensor cores: a kernel that takes them from memory as its products need them ({@code packed}), for any number of rows. */
final class RepackedMatmul implements MatmulForm {
  @Override
  public Optional<String> refusal(Matmul o, Gpu gpu) {
    String family = MatmulPacked.family(o.w().dtype()) + "*";
    if (!BandLayout.has(o.w())) {
      return Optional.of(family + ": the weight lies in rows; prepare it for matmul");
    }
    if (!gpu.tensorCores()) {
      return Optional.of(family + ": compute capability " + gpu.computeCapability() + " has no BF16 tensor cores");
    }
    return BandLayout.knows(o.w().dtype(), gpu) ? Optional.empty() : Optional.of(family + ": there is none");
  }

  @Override
  public CudaPlan plan(Matmul o, Gpu gpu, List<String> rejected) {
    MatmulPacked packed = MatmulPacked.of(List.of(o), false, gpu);
    return new CudaPlan(packed.kernel().name(), packed.tile(), packed.workspaceBytes(), CudaPlan.bytes(o), MatmulKernel.flops(o),
        rejected);
  }

  @Override
  public boolean runs(String kernel) {
    return kernel.startsWith("packed_");
  }

  @Override
  public void bind(Matmul o, CudaPlan plan, Binding binding) {
    MatmulPacked.of(List.of(o), false, binding.gpu()).launch(FusedMatmuls.alone(o), binding);
  }
}
