package dev.gatun.cuda.op;

import dev.gatun.TopK;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.spi.Decision;
import java.util.List;

/** top_k: a block a row finds the last that is chosen by radix search, collects those before it and sorts them. */
final class TopKKernel implements OperatorKernel<TopK> {
  private static final String KERNEL = "top_k";

  @Override
  public Decision plan(TopK o, Gpu gpu) {
    return Plans.refusal(o).orElseGet(() -> new CudaPlan(KERNEL, "a block a row", Long.BYTES * o.x().size(0) * room(o), CudaPlan.bytes(o),
        o.x().shape().elements(), List.of()));
  }

  /** The power of two that holds k. */
  private static long room(TopK o) {
    long k = o.values().size(1);
    return k == 0 ? 0 : Long.highestOneBit(2 * k - 1);
  }

  @Override
  public void bind(TopK o, CudaPlan plan, Binding binding) {
    RowShape rows = RowShape.of(binding, o.x(), o.values(), o.indices());
    LaunchBuilder launch = binding.launch(KERNEL);
    rows.pass(launch, "x", o.x(), binding);
    rows.pass(launch, "values", o.values(), binding);
    rows.pass(launch, "indices", o.indices(), binding);
    int k = Math.toIntExact(o.values().size(1));
    launch.pointer("sorted", binding.workspace()).set("width", rows.width()).set("k", k).set("room", Math.toIntExact(room(o)))
        .grid(k == 0 ? 0 : Plans.blocks(rows.rows(), binding.gpu()));
  }
}
