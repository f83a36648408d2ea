package dev.gatun.cuda.op;

import dev.gatun.Sample;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;

/** sample: a block a row; each cut, and the draw itself, is a radix search by weight in place of a sort. */
final class SampleKernel implements OperatorKernel<Sample> {
  private static final String KERNEL = "sample";
  private static final int FLOPS_PER_ELEMENT = 20;
  /** The sum of as many weights of one, in steps of 2⁻⁴⁰, still fits 64 bits. */
  private static final long MOST = 1L << 23;

  @Override
  public Decision plan(Sample o, Gpu gpu) {
    if (o.x().size(1) > MOST) {
      return new Unsupported("x " + o.x() + " has more than " + MOST + " elements to choose from");
    }
    return Plans.refusal(o).orElseGet(() -> CudaPlan.streaming(o, KERNEL, "a block a row", FLOPS_PER_ELEMENT * o.x().shape().elements()));
  }

  @Override
  public void bind(Sample o, CudaPlan plan, Binding binding) {
    RowShape rows = RowShape.of(binding, o.x(), o.controls(), o.seeds(), o.positions(), o.ids());
    LaunchBuilder launch = binding.launch(KERNEL);
    rows.pass(launch, "x", o.x(), binding);
    rows.pass(launch, "controls", o.controls(), binding);
    rows.pass(launch, "seeds", o.seeds(), binding);
    launch.pointer("positions", binding.address(o.positions())).pointer("ids", binding.address(o.ids())).set("width", rows.width())
        .grid(Plans.blocks(rows.rows(), binding.gpu()));
  }
}
