package dev.gatun.cuda.op;

import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.LaunchBuilder;

/** What the launches of quantize and dequantize have in common: rows of blocks on one side, of floats on the other. */
final class BlockRows {
  private BlockRows() {}

  /** Passes what both take to {@code launch}, of {@code plan}'s kernel, and ends it with a thread for each {@code elements} of a row. */
  static void finish(LaunchBuilder launch, CudaPlan plan, Tensor x, Tensor y, int elements, Binding binding) {
    RowShape shape = RowShape.of(binding, x, y);
    // The one row of a tensor of one dimension has as many whole blocks as the actual size holds.
    boolean varying = x.shape().rank() == 1 && shape.count() != 0;
    RowShape rows = varying ? new RowShape(0, 1, 1, 1, Math.toIntExact(x.size(0))) : shape;
    rows.pass(launch, "x", x, binding);
    rows.pass(launch, "y", y, binding);
    launch.pointer("varying", varying ? shape.count() : 0).set("width", rows.width())
        .grid(Plans.blocksOf(plan.kernel(), rows.rows() * (rows.width() / elements), binding.gpu()));
  }
}
