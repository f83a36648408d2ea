package dev.gatun.cuda.op;

import dev.gatun.GatherRows;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.spi.Decision;
import java.util.List;

/** gather_rows: 16 bytes of a picked row a thread. */
final class GatherRowsKernel implements OperatorKernel<GatherRows> {
  private static final int BYTES_PER_THREAD = 16;

  @Override
  public Decision plan(GatherRows o, Gpu gpu) {
    String kernel = "gather_rows_" + Byte.SIZE * o.x().dtype().blockBytes();
    // Of x only the picked rows move.
    long bytes = CudaPlan.bytes(o.rows()) + 2 * CudaPlan.bytes(o.y());
    return Plans.refusal(o).orElseGet(() -> new CudaPlan(kernel, BYTES_PER_THREAD + " bytes a thread", 0, bytes, 0, List.of()));
  }

  @Override
  public void bind(GatherRows o, CudaPlan plan, Binding binding) {
    RowShape rows = RowShape.of(binding, o.y(), o.rows());
    int elementsPerThread = BYTES_PER_THREAD / o.x().dtype().blockBytes();
    LaunchBuilder launch = binding.launch(plan.kernel());
    rows.pass(launch, "y", o.y(), binding);
    launch.pointer("indices", binding.address(o.rows())).pointer("x", binding.address(o.x())).set("stride", RowShape.bytes(o.x(), 0))
        .set("size", Math.toIntExact(o.x().size(0))).set("width", rows.width())
        .grid(Plans.blocksOf(plan.kernel(), rows.rows() * Math.ceilDiv(rows.width(), elementsPerThread), binding.gpu()));
  }
}
