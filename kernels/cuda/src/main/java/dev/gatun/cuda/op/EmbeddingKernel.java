package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.Embedding;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import java.util.List;

/** embedding: eight elements of a picked row a thread. */
final class EmbeddingKernel implements OperatorKernel<Embedding> {
  private static final int ELEMENTS_PER_THREAD = 8;
  private static final int FLOPS_PER_ELEMENT = 2;

  @Override
  public Decision plan(Embedding o, Gpu gpu) {
    DType type = o.table().dtype();
    long elements = o.y().shape().elements();
    // Of the table only the picked rows move.
    long bytes = CudaPlan.bytes(o.ids()) + type.bytes(elements) + CudaPlan.bytes(o.y());
    boolean packed = BandLayout.has(o.table());
    if (packed && !BandLayout.knows(type, gpu)) {
      return new Unsupported("table " + o.table() + " was prepared for another device");
    }
    return Plans.refusal(o, List.of(o.table())).orElseGet(() -> new CudaPlan((packed ? "look_up_" : "expand_") + type.label(), ELEMENTS_PER_THREAD + " elements a thread", 0, bytes,
        type.isBlock() ? FLOPS_PER_ELEMENT * elements : 0, List.of()));
  }

  @Override
  public void bind(Embedding o, CudaPlan plan, Binding binding) {
    RowShape rows = RowShape.of(binding, o.y(), o.ids());
    long grid = Plans.blocksOf(plan.kernel(), rows.rows() * Math.ceilDiv(rows.width(), ELEMENTS_PER_THREAD), binding.gpu());
    if (BandLayout.has(o.table())) {
      LaunchBuilder launch = binding.launch(plan.kernel());
      rows.pass(launch, "y", o.y(), binding).pointer("w", binding.address(o.table())).pointer("indices", binding.address(o.ids()))
          .set("n", Math.toIntExact(o.table().size(0))).set("k", rows.width()).grid(grid);
      return;
    }
    long[] strides = {RowShape.bytes(o.table(), 0), 0, 0};
    LaunchBuilder launch = binding.launch(plan.kernel());
    rows.pass(launch, "y", o.y(), binding);
    launch.rows("x", binding.address(o.table()), 0, strides, Math.toIntExact(o.table().size(0)), 1, 1, o.table().dtype())
        .pointer("indices", binding.address(o.ids())).pointer("varying", 0).set("width", rows.width())
        .grid(grid);
  }
}
