package dev.gatun.cuda.op;

import dev.gatun.Rope;
import dev.gatun.Rotation;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import java.util.Arrays;

/** rope: a block a token, which computes the token's cosines and sines once and turns all its heads. */
final class RopeKernel implements OperatorKernel<Rope> {
  private static final String KERNEL = "rope";
  private static final int FLOPS_PER_ELEMENT = 3;

  @Override
  public Decision plan(Rope o, Gpu gpu) {
    if (sharedBytes(o) > gpu.sharedBytes()) {
      return new Unsupported("the angles of " + o.rotation().dims() + " rotating elements do not fit the " + gpu.sharedBytes() + " bytes of a block's memory");
    }
    return Plans.refusal(o).orElseGet(() -> CudaPlan.streaming(o, KERNEL, "a block a token", FLOPS_PER_ELEMENT * o.y().shape().elements()));
  }

  private static int sharedBytes(Rope o) {
    return o.rotation().dims() / 2 * 2 * Float.BYTES;
  }

  @Override
  public void bind(Rope o, CudaPlan plan, Binding binding) {
    RowShape rows = RowShape.of(binding, o.x(), o.y(), o.positions());
    Rotation rotation = o.rotation();
    double[] turns = Arrays.stream(rotation.frequencies()).map(f -> f / (2 * Math.PI)).toArray();
    LaunchBuilder launch = binding.launch(plan.kernel());
    rows.pass(launch, "x", o.x(), binding);
    rows.pass(launch, "y", o.y(), binding);
    launch.pointer("positions", binding.address(o.positions())).pointer("turns", binding.table(turns)).pointer("factors", binding.address(o.factors()))
        .set("magnitude", (float) rotation.amplitude()).set("dims", rotation.dims()).set("size", rows.width())
        .set("interleaved", rotation.pairs() == Rotation.Pairs.INTERLEAVED ? 1 : 0).shared(sharedBytes(o))
        .grid(Plans.blocks(rows.bound(), binding.gpu()));
  }
}
