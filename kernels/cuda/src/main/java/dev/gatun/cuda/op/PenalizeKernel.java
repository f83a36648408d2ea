package dev.gatun.cuda.op;

import dev.gatun.Penalize;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.spi.Decision;
import java.util.List;

/** penalize: a block a row counts the ids of the history in a row of counters. */
final class PenalizeKernel implements OperatorKernel<Penalize> {
  private static final String KERNEL = "penalize";
  private static final int FLOPS_PER_ID = 4;

  @Override
  public Decision plan(Penalize o, Gpu gpu) {
    return Plans.refusal(o).orElseGet(() -> new CudaPlan(KERNEL, "a block a row", Integer.BYTES * o.x().shape().elements(), CudaPlan.bytes(o),
        FLOPS_PER_ID * o.history().shape().elements(), List.of()));
  }

  @Override
  public void bind(Penalize o, CudaPlan plan, Binding binding) {
    RowShape rows = RowShape.of(binding, o.x(), o.y(), o.history(), o.lengths(), o.penalties());
    LaunchBuilder launch = binding.launch(KERNEL);
    rows.pass(launch, "x", o.x(), binding);
    rows.pass(launch, "y", o.y(), binding);
    rows.pass(launch, "history", o.history(), binding);
    rows.pass(launch, "penalties", o.penalties(), binding);
    launch.pointer("lengths", binding.address(o.lengths())).set("length_stride", o.lengths().stride(0)).pointer("counts", binding.workspace()).set("width", rows.width())
        .set("most", Math.toIntExact(o.history().size(1))).grid(Plans.blocks(rows.rows(), binding.gpu()));
  }
}
