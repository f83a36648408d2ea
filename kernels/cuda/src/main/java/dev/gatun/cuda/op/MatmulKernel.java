package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.spi.Decision;
import java.util.List;

/** matmul: for few rows a kernel that streams the weight. */
final class MatmulKernel implements OperatorKernel<Matmul> {
  private static final int FLOPS_PER_PRODUCT = 2;

  @Override
  public Decision plan(Matmul o, Gpu gpu) {
    return Plans.refusal(o).orElseGet(() -> gemv(o, gpu));
  }

  private static CudaPlan gemv(Matmul o, Gpu gpu) {
    String kernel = MatmulGemv.kernel(o.w().dtype(), o.x().size(0), gpu);
    return planned(o, kernel, MatmulGemv.of(o, kernel, gpu).tile(), List.of());
  }

  private static CudaPlan planned(Matmul o, String kernel, String tile, List<String> rejected) {
    long flops = FLOPS_PER_PRODUCT * o.x().size(0) * o.w().size(0) * o.w().size(1);
    return new CudaPlan(kernel, tile, 0, CudaPlan.bytes(o), flops, rejected);
  }

  @Override
  public void bind(Matmul o, CudaPlan plan, Binding binding) {
    MatmulGemv.of(o, plan.kernel(), binding.gpu()).launch(o, binding);
  }

  /** Passes what every kernel of matmul takes beside x and y. */
  static void weight(LaunchBuilder launch, Matmul o, Binding binding) {
    Tensor w = o.w();
    DType type = w.dtype();
    launch.pointer("w", binding.address(w)).set("w_stride", w.stride(0) * type.blockBytes() / type.blockSize())
        .pointer("bias", binding.address(o.bias())).set("n", Math.toIntExact(w.size(0))).set("k", Math.toIntExact(w.size(1)));
  }
}
