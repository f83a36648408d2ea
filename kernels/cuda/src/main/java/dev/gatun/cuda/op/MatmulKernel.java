package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.spi.Decision;
import java.util.ArrayList;
import java.util.List;

/**
 * matmul: for few rows a kernel that streams the weight ({@code gemv}), for many one that works on tiles ({@code gemm}), on tensor cores where
 * precision and device allow. The choice depends on the bound of rows, never on their actual number.
 */
final class MatmulKernel implements OperatorKernel<Matmul> {
  private static final int FLOPS_PER_PRODUCT = 2;

  /** The rows from which on a tile of 64 on tensor cores, though mostly empty, beats reading the weight twice. */
  private static final int MOST_STREAMED = 8;

  /** The same for a tile of 128 without tensor cores, which does as many products a clock as streaming does. */
  private static final int MOST_STREAMED_PLAINLY = 32;

  @Override
  public Decision plan(Matmul o, Gpu gpu) {
    return Plans.refusal(o).orElseGet(() -> planned(o, gpu));
  }

  private static CudaPlan planned(Matmul o, Gpu gpu) {
    List<String> rejected = new ArrayList<>();
    String kernel = choose(o, gpu, rejected);
    String tile = streams(kernel) ? MatmulGemv.of(o, kernel, gpu).tile() : MatmulGemm.of(o, kernel, gpu).tile();
    long flops = FLOPS_PER_PRODUCT * o.x().size(0) * o.w().size(0) * o.w().size(1);
    return new CudaPlan(kernel, tile, 0, CudaPlan.bytes(o), flops, rejected);
  }

  private static String choose(Matmul o, Gpu gpu, List<String> rejected) {
    DType type = o.w().dtype();
    long rows = o.x().size(0);
    boolean exact = type == DType.F32;
    boolean cores = gpu.tensorCores() && !exact;
    String family = MatmulGemm.family(o.x().dtype(), type, gpu);
    String gemv = MatmulGemv.kernel(type, rows, gpu);
    if (rows <= (cores ? MOST_STREAMED : MOST_STREAMED_PLAINLY)) {
      rejected.add((cores ? MatmulGemm.small(family) : MatmulGemm.SIMT) + ": most of a tile's rows would be empty with " + rows + " of x");
      return gemv;
    }
    int tile = gpu.manifest().kernel(gemv).tile("rows");
    rejected.add(gemv + ": would read and decode the weight anew for every " + tile + " of " + rows + " rows of x");
    if (!cores) {
      rejected.add(MatmulGemm.small(family) + ": " + (exact ? "a split in two BF16 keeps 17 bits of an F32 weight"
          : "compute capability " + gpu.computeCapability() + " has no BF16 tensor cores"));
      return MatmulGemm.SIMT;
    }
    rejected.add(MatmulGemm.SIMT + ": the F32 pipe is several times slower than three products on tensor cores");
    return tensorCoreTile(o, family, gpu, rejected);
  }

  private static String tensorCoreTile(Matmul o, String family, Gpu gpu, List<String> rejected) {
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

  static boolean streams(String kernel) {
    return kernel.startsWith("gemv");
  }

  @Override
  public void bind(Matmul o, CudaPlan plan, Binding binding) {
    if (streams(plan.kernel())) {
      MatmulGemv.of(o, plan.kernel(), binding.gpu()).launch(o, binding);
    } else {
      MatmulGemm.of(o, plan.kernel(), binding.gpu()).launch(o, binding);
    }
  }

  /** Passes what every kernel of matmul takes beside x and y. */
  static void weight(LaunchBuilder launch, Matmul o, Binding binding) {
    Tensor w = o.w();
    launch.pointer("w", binding.address(w)).set("w_stride", stride(w))
        .pointer("bias", binding.address(o.bias())).set("n", Math.toIntExact(w.size(0))).set("k", Math.toIntExact(w.size(1)));
  }

  /** Bytes from one row of a weight to the next. */
  static long stride(Tensor w) {
    return w.stride(0) * w.dtype().blockBytes() / w.dtype().blockSize();
  }
}
