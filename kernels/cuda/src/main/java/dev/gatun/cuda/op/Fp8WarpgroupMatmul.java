package dev.gatun.cuda.op;

import dev.gatun.Matmul;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.ffi.cuda.TensorMap;
import java.util.Optional;

/** By warpgroup products of 8-bit floats and the copy engine, a block a multiprocessor that stays for its share of the tiles. */
final class Fp8WarpgroupMatmul extends RoundedMatmul {
  private static final int ROWS = 128;
  private static final int COLUMNS = 128;

  /** Up to so many rows three quarters of a tile would be empty. */
  private static final int FEWEST = 32;

  /** Rows of tiles done column by column: with 16 of them the tiles under way on 132 multiprocessors read 16 pieces of x and 9 of w. */
  private static final int GROUP = 16;

  /** A form. */
  Fp8WarpgroupMatmul() {
    super("e4m3_wgemm_128x128");
  }

  @Override
  Optional<String> missing(Matmul o, Gpu gpu) {
    if (!gpu.warpgroups()) {
      return Optional.of("compute capability " + gpu.computeCapability() + " has no warpgroup products, or these images have none (sm_90a)");
    }
    return o.x().size(0) > FEWEST ? Optional.empty()
        : Optional.of("most of a tile's rows would be empty with " + o.x().size(0) + " of x, and half as many blocks read the weight");
  }

  @Override
  void launch(LaunchBuilder launch, Matmul o, Codes codes, Binding binding) {
    TensorMap x = map(binding, codes.address(), codes.row(), o.x().size(0), codes.row(), ROWS);
    TensorMap w = map(binding, binding.address(o.w()), o.w().size(1), o.w().size(0), MatmulKernel.stride(o.w()), COLUMNS);
    launch.tensorMap("x_map", x.segment()).tensorMap("w_map", w.segment()).set("group", GROUP)
        .grid(Math.min(works(o, codes, binding.gpu()), binding.gpu().multiprocessors()));
  }

  private static TensorMap map(Binding binding, long address, long columns, long rows, long stride, int box) {
    return binding.tensorMaps().tiled(TensorMap.Type.UINT8, address, new long[] {columns, rows}, new long[] {stride}, new int[] {Matmul.SCALED, box},
        TensorMap.Swizzle.BYTES_128, TensorMap.L2Promotion.BYTES_256);
  }
}
