package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.Embedding;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.spi.Decision;
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
    return Plans.refusal(o).orElseGet(() -> new CudaPlan("expand_" + type.label(), ELEMENTS_PER_THREAD + " elements a thread", 0, bytes,
        type.isBlock() ? FLOPS_PER_ELEMENT * elements : 0, List.of()));
  }

  @Override
  public void bind(Embedding o, CudaPlan plan, Binding binding) {
    RowShape rows = RowShape.of(binding, o.y(), o.ids());
    long[] strides = {RowShape.bytes(o.table(), 0), 0, 0};
    LaunchBuilder launch = binding.launch(plan.kernel());
    rows.pass(launch, "y", o.y(), binding);
    launch.rows("x", binding.address(o.table()), 0, strides, Math.toIntExact(o.table().size(0)), 1, 1, o.table().dtype())
        .pointer("indices", binding.address(o.ids())).pointer("varying", 0).set("width", rows.width())
        .grid(Plans.blocksOf(plan.kernel(), rows.rows() * Math.ceilDiv(rows.width(), ELEMENTS_PER_THREAD), binding.gpu()));
  }
}
