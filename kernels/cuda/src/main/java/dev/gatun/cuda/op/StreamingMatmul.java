package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.cuda.kernel.Gpu;
import java.util.List;
import java.util.Optional;

/** For few rows of x: a kernel that streams the weight ({@code gemv}). */
final class StreamingMatmul implements MatmulForm {
  /** The rows from which on a tile of 64 on tensor cores, though mostly empty, beats reading the weight twice. */
  private static final int MOST = 8;

  /** The same for a tile of 128 without tensor cores, which does as many products a clock as streaming does. */
  private static final int MOST_PLAINLY = 32;

  @Override
  public Optional<String> refusal(Matmul o, Gpu gpu) {
    boolean cores = gpu.tensorCores() && o.w().dtype() != DType.F32;
    if (o.x().size(0) <= (cores ? MOST : MOST_PLAINLY)) {
      return Optional.empty();
    }
    String kernel = kernel(o, gpu);
    return Optional.of(kernel + ": would read and decode the weight anew for every " + gpu.manifest().kernel(kernel).tile("rows") + " of "
        + o.x().size(0) + " rows of x");
  }

  private static String kernel(Matmul o, Gpu gpu) {
    return MatmulGemv.kernel(o.w().dtype(), o.x().size(0), gpu);
  }

  @Override
  public CudaPlan plan(Matmul o, Gpu gpu, List<String> rejected) {
    rejected.add(TileMatmul.wouldBe(o, gpu) + ": most of a tile's rows would be empty with " + o.x().size(0) + " of x");
    return MatmulKernel.plan(o, kernel(o, gpu), MatmulGemv.of(o, kernel(o, gpu), gpu).tile(), rejected);
  }

  @Override
  public boolean runs(String kernel) {
    return kernel.startsWith("gemv_");
  }

  @Override
  public void bind(Matmul o, CudaPlan plan, Binding binding) {
    MatmulGemv.of(o, plan.kernel(), binding.gpu()).launch(o, binding);
  }
}
