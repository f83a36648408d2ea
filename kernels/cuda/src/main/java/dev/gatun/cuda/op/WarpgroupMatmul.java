package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.ffi.cuda.TensorMap;
import java.util.Optional;

/** By warpgroup products and the copy engine ({@code wgemm}), a block a multiprocessor that stays for its share of the tiles. */
final class WarpgroupMatmul extends StagedMatmul {
  /** A form. */
  WarpgroupMatmul() {
    super("wgemm_");
  }

  @Override
  Optional<String> missing(Gpu gpu) {
    return gpu.warpgroups() ? Optional.empty()
        : Optional.of("compute capability " + gpu.computeCapability() + " has no warpgroup products, or these images have none (sm_90a)");
  }

  @Override
  TileRates rates(Gpu gpu) {
    return TileRates.WARPGROUPS;
  }

  @Override
  void launch(LaunchBuilder launch, Matmul o, TileCut cut, long x, Binding binding) {
    TensorMap.Type type = o.w().dtype() == DType.F16 ? TensorMap.Type.FLOAT16 : TensorMap.Type.BFLOAT16;
    int parts = cut.kernel().tile("parts");
    int step = cut.kernel().tile("step");
    long row = rowBytes(o, cut);
    TensorMap ofX = map(binding, type, x, new long[] {cut.k(), cut.m(), parts}, new long[] {row, row * cut.m()}, step, cut.kernel().tile("rows"), parts);
    TensorMap ofW = map(binding, type, binding.address(o.w()), new long[] {cut.k(), cut.n()}, new long[] {MatmulKernel.stride(o.w())}, step,
        cut.kernel().tile("columns"));
    launch.tensorMap("x_map", ofX.segment()).tensorMap("w_map", ofW.segment()).grid(Math.min(cut.works(), binding.gpu().multiprocessors()));
  }

  private static TensorMap map(Binding binding, TensorMap.Type type, long address, long[] sizes, long[] strides, int... box) {
    return binding.tensorMaps().tiled(type, address, sizes, strides, box, TensorMap.Swizzle.BYTES_128, TensorMap.L2Promotion.BYTES_256);
  }
}
