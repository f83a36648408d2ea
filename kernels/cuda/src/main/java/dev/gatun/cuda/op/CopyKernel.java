package dev.gatun.cuda.op;

import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.spi.Decision;

/** copy: rows without gaps by eight elements (casts) or 16 bytes (others) a thread, any others by an element a thread. */
final class CopyKernel implements OperatorKernel<Copy> {
  private static final int ELEMENTS_PER_CAST = 8;
  private static final int BYTES_PER_THREAD = 16;

  private static boolean casts(Copy o) {
    return o.x().dtype() != o.y().dtype();
  }

  private static int elementsPerThread(Copy o, CopyShape shape) {
    if (!shape.gapless()) {
      return 1;
    }
    return casts(o) ? ELEMENTS_PER_CAST : BYTES_PER_THREAD / o.x().dtype().blockBytes();
  }

  @Override
  public Decision plan(Copy o, Gpu gpu) {
    return Plans.refusal(o).orElseGet(() -> {
      CopyShape shape = CopyShape.of(o);
      return CudaPlan.streaming(o, kernel(o, shape), elementsPerThread(o, shape) + " elements a thread, " + shape, 0);
    });
  }

  private static String kernel(Copy o, CopyShape shape) {
    DType from = o.x().dtype();
    if (casts(o)) {
      return shape.gapless() ? "cast_" + from.label() + "_rows" : "cast_strided";
    }
    return "copy_" + Byte.SIZE * from.blockBytes() + (shape.gapless() ? "_rows" : "_strided");
  }

  @Override
  public void bind(Copy o, CudaPlan plan, Binding binding) {
    CopyShape shape = CopyShape.of(o);
    long count = o.x().count().isPresent() ? binding.count(o.x()) : binding.count(o.y());
    LaunchBuilder launch = binding.launch(plan.kernel());
    pass(launch, "x", o.x(), shape.xStrides(), shape, count, binding);
    pass(launch, "y", o.y(), shape.yStrides(), shape, count, binding);
    long threads = shape.rows() * Math.ceilDiv(shape.width(), elementsPerThread(o, shape));
    launch.set("width", shape.width()).grid(Plans.blocksOf(plan.kernel(), threads, binding.gpu()));
  }

  private static void pass(LaunchBuilder launch, String name, Tensor tensor, long[] strides, CopyShape shape, long count, Binding binding) {
    int bytes = tensor.dtype().blockBytes();
    long[] rows = {strides[0] * bytes, strides[1] * bytes, strides[2] * bytes};
    launch.rows(name, binding.address(tensor), count, rows, shape.sizes()[0], shape.sizes()[1], shape.sizes()[2], tensor.dtype())
        .set(name + "_step", strides[3] * bytes);
  }
}
