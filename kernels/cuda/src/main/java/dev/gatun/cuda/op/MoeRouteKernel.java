package dev.gatun.cuda.op;

import dev.gatun.MoeRoute;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import java.util.List;

/** moe_route: a warp a token, its scores in shared memory. */
final class MoeRouteKernel implements OperatorKernel<MoeRoute> {
  private static final String KERNEL = "moe_route";
  private static final int FLOPS_PER_EXPERT = 8;

  /** The most that a block has without asking, on every device. */
  private static final int MOST_SHARED = 48 << 10;

  @Override
  public Decision plan(MoeRoute o, Gpu gpu) {
    if (shared(o) > MOST_SHARED) {
      return new Unsupported(o.logits().size(1) + " experts need " + shared(o) + " bytes of shared memory, a block has " + MOST_SHARED);
    }
    return Plans.refusal(o).orElseGet(() -> new CudaPlan(KERNEL, "a warp a token", 0, CudaPlan.bytes(o), FLOPS_PER_EXPERT * o.logits().shape().elements(),
        List.of()));
  }

  /** A gate, a score and a flag an expert, a score and a flag a group, a weight for each that is chosen. */
  private static long shared(MoeRoute o) {
    return 4 * (3 * o.logits().size(1) + 2L * o.options().groups() + o.chosen().size(1));
  }

  @Override
  public void bind(MoeRoute o, CudaPlan plan, Binding binding) {
    MoeRoute.Options options = o.options();
    RowShape rows = RowShape.of(binding, o.logits(), o.chosen(), o.weights());
    LaunchBuilder launch = binding.launch(KERNEL);
    rows.pass(launch, "logits", o.logits(), binding);
    rows.pass(launch, "chosen", o.chosen(), binding);
    rows.pass(launch, "weights", o.weights(), binding);
    launch.pointer("bias", binding.address(o.bias())).set("experts", rows.width()).set("each", Math.toIntExact(o.chosen().size(1)))
        .set("gating", options.gating().ordinal()).set("groups", options.groups()).set("groups_chosen", options.groupsChosen())
        .set("top_two", options.groupScore() == MoeRoute.GroupScore.TOP_TWO ? 1 : 0).set("normalize", options.normalize() ? 1 : 0)
        .set("least_sum", MoeRoute.LEAST_SUM).set("factor", options.scale()).shared(Math.toIntExact(shared(o))).grid(rows.rows());
  }
}
