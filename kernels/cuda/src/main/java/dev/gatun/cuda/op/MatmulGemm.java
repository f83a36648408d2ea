package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.Kernel;
import dev.gatun.cuda.kernel.LaunchBuilder;

/**
 * How {@code gemm_TYPE_ROWSxCOLUMNS} does a case: a block a tile.
 *
 * @param kernel the instance
 * @param blocks tiles
 */
record MatmulGemm(Kernel kernel, long blocks) {
  /** The instance without tensor cores. */
  static final String SIMT = "gemm_simt_128x64";

  private static final String LARGE = "_128x128";
  private static final String SMALL = "_64x64";
  private static final int LARGE_TILE = 128;

  /** The family of tensor-core instances that does a case. */
  static String family(Matmul o, Gpu gpu) {
    return o.scale().isPresent() ? "gemm_scaled" : family(o.x().dtype(), o.w().dtype(), gpu);
  }

  private static String family(DType x, DType w, Gpu gpu) {
    String own = "gemm_" + (w == DType.F16 && x == DType.F16 ? "half" : w.label());
    return gpu.manifest().has(own + SMALL) ? own : w.isBlock() ? "gemm_any" : "gemm_f8";
  }

  /** The small tile of a family. */
  static String small(String family) {
    return family + SMALL;
  }

  /** The large tile of a family, which it need not have. */
  static String large(String family) {
    return family + LARGE;
  }

  /** How many large tiles a product has. */
  static long largeTiles(Matmul o) {
    return Math.ceilDiv(o.x().size(0), LARGE_TILE) * Math.ceilDiv(o.w().size(0), LARGE_TILE);
  }

  static MatmulGemm of(Matmul o, String name, Gpu gpu) {
    Kernel kernel = gpu.manifest().kernel(name);
    return new MatmulGemm(kernel, Math.ceilDiv(o.x().size(0), kernel.tile("rows")) * Math.ceilDiv(o.w().size(0), kernel.tile("columns")));
  }

  /** The tile in words. */
  String tile() {
    return kernel.tile("rows") + "x" + kernel.tile("columns") + " a block of " + kernel.threads() + " threads";
  }

  void launch(Matmul o, Binding binding) {
    RowShape rows = RowShape.of(binding, o.x(), o.y());
    LaunchBuilder launch = binding.launch(kernel.name());
    rows.pass(launch, "x", o.x(), binding);
    rows.pass(launch, "y", o.y(), binding);
    MatmulKernel.weight(launch, o, binding);
    if (kernel.fields().containsKey("scale")) {
      WeightScale.of(o).pass(launch).pointer("scale", binding.address(o.scale()));
    }
    launch.set("w_dtype", o.w().dtype()).shared(kernel.tile("shared")).grid(blocks);
  }
}
