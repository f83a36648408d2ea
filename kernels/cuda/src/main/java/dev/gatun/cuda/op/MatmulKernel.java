package dev.gatun.cuda.op;

import dev.gatun.Matmul;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** matmul: the first of its forms that does not refuse a case does it. */
final class MatmulKernel implements OperatorKernel<Matmul> {
  private static final int FLOPS_PER_PRODUCT = 2;
  private static final RepackedMatmul REPACKED = new RepackedMatmul();
  private static final StreamingMatmul STREAMING = new StreamingMatmul();

  /** Those made for less first; the last takes every case. */
  private static final List<MatmulForm> FORMS = List.of(REPACKED, STREAMING, new WarpgroupMatmul(), new CopiedMatmul(), new Fp8WarpgroupMatmul(),
      new Fp8Matmul(), new TileMatmul());

  @Override
  public Decision plan(Matmul o, Gpu gpu) {
    return Plans.refusal(o, List.of(o.w())).or(() -> WeightScale.refusal(o).map(Unsupported::new)).orElseGet(() -> planned(o, gpu));
  }

  private static Decision planned(Matmul o, Gpu gpu) {
    List<String> rejected = new ArrayList<>();
    for (MatmulForm form : FORMS) {
      if (form == REPACKED && o.w().isPlain() && !(gpu.tensorCores() && BandLayout.knows(o.w().dtype(), gpu))) {
        continue;
      }
      Optional<String> refusal = form.refusal(o, gpu);
      if (refusal.isEmpty()) {
        return form.plan(o, gpu, rejected);
      }
      if (!o.w().isPlain()) {
        return new Unsupported("w " + o.w() + " was prepared for another device: " + refusal.get());
      }
      rejected.add(refusal.get());
    }
    throw new IllegalStateException("no form takes " + o.toCase());
  }

  /** The plan of a kernel that reads every operand once. */
  static CudaPlan plan(Matmul o, String kernel, String tile, List<String> rejected) {
    return new CudaPlan(kernel, tile, 0, CudaPlan.bytes(o), flops(o), rejected);
  }

  /** A multiplication and an addition for each pair. */
  static long flops(Matmul o) {
    return FLOPS_PER_PRODUCT * o.x().size(0) * o.w().size(0) * o.w().size(1);
  }

  static boolean streams(String kernel) {
    return STREAMING.runs(kernel) || REPACKED.runs(kernel);
  }

  @Override
  public void bind(Matmul o, CudaPlan plan, Binding binding) {
    FORMS.stream().filter(form -> form.runs(plan.kernel())).findFirst().orElseThrow().bind(o, plan, binding);
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
