package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.cuda.kernel.Gpu;
import java.util.List;
import java.util.Optional;

/** For many rows of x: a kernel that works on tiles ({@code gemm}), on tensor cores where precision and device allow. Takes every case. */
final class TileMatmul implements MatmulForm {
  @Override
  public Optional<String> refusal(Matmul o, Gpu gpu) {
    return Optional.empty();
  }

  /** The kernel of the small tile, for the reasons of other forms. */
  static String wouldBe(Matmul o, Gpu gpu) {
    return usesCores(o, gpu) ? MatmulGemm.small(family(o, gpu)) : MatmulGemm.SIMT;
  }

  private static boolean usesCores(Matmul o, Gpu gpu) {
    return gpu.tensorCores() && o.w().dtype() != DType.F32;
  }

  private static String family(Matmul o, Gpu gpu) {
    return MatmulGemm.family(o, gpu);
  }

  @Override
  public CudaPlan plan(Matmul o, Gpu gpu, List<String> rejected) {
    String kernel;
    if (usesCores(o, gpu)) {
      rejected.add(MatmulGemm.SIMT + ": the F32 pipe is several times slower than three products on tensor cores");
      kernel = tile(o, family(o, gpu), gpu, rejected);
    } else {
      rejected.add(MatmulGemm.small(family(o, gpu)) + ": " + (o.w().dtype() == DType.F32 ? "a split in two BF16 keeps 17 bits of an F32 weight"
          : "compute capability " + gpu.computeCapability() + " has no BF16 tensor cores"));
      kernel = MatmulGemm.SIMT;
    }
    return MatmulKernel.plan(o, kernel, MatmulGemm.of(o, kernel, gpu).tile(), rejected);
  }

  private static String tile(Matmul o, String family, Gpu gpu, List<String> rejected) {
    if (!gpu.manifest().has(MatmulGemm.large(family))) {
      return MatmulGemm.small(family);
    }
    long tiles = MatmulGemm.largeTiles(o);
    if (tiles < gpu.multiprocessors()) {
      rejected.add(MatmulGemm.large(family) + ": " + tiles + " blocks leave some of " + gpu.multiprocessors() + " multiprocessors idle");
      return MatmulGemm.small(family);
    }
    int shared = gpu.manifest().kernel(MatmulGemm.large(family)).tile("shared");
    if (shared > gpu.sharedBytes()) {
      rejected.add(MatmulGemm.large(family) + ": needs " + shared + " bytes of shared memory, a block has " + gpu.sharedBytes());
      return MatmulGemm.small(family);
    }
    rejected.add(MatmulGemm.small(family) + ": takes the weight and the activations from L2 twice as often");
    return MatmulGemm.large(family);
  }

  @Override
  public boolean runs(String kernel) {
    return kernel.startsWith("gemm_");
  }

  @Override
  public void bind(Matmul o, CudaPlan plan, Binding binding) {
    MatmulGemm.of(o, plan.kernel(), binding.gpu()).launch(o, binding);
  }
}
