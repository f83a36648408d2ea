package dev.gatun.cuda.op;

import dev.gatun.Argmax;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.spi.Decision;
import java.util.List;

/** argmax: the first of each piece of a row, then the first of the pieces. */
final class ArgmaxKernel implements OperatorKernel<Argmax> {
  private static final String PIECES = "argmax_pieces";
  private static final String ROWS = "argmax_rows";

  @Override
  public Decision plan(Argmax o, Gpu gpu) {
    return Plans.refusal(o).orElseGet(() -> new CudaPlan(PIECES, "pieces of " + piece(gpu), Long.BYTES * o.x().size(0) * pieces(o, gpu), CudaPlan.bytes(o),
        o.x().shape().elements(), List.of()));
  }

  private static int piece(Gpu gpu) {
    return gpu.manifest().kernel(PIECES).tile("piece");
  }

  private static int pieces(Argmax o, Gpu gpu) {
    return Math.ceilDiv(Math.toIntExact(o.x().size(1)), piece(gpu));
  }

  @Override
  public void bind(Argmax o, CudaPlan plan, Binding binding) {
    RowShape rows = RowShape.of(binding, o.x(), o.y());
    int pieces = pieces(o, binding.gpu());
    long blocks = Plans.blocks(rows.rows(), binding.gpu());
    fill(o, binding.launch(PIECES), rows, pieces, binding).grid(blocks, pieces, 1);
    finish(o, pieces, binding);
  }

  /** Adds the launch that takes the first of each row's {@code pieces} firsts, which lie in the workspace. */
  static void finish(Argmax o, int pieces, Binding binding) {
    RowShape rows = RowShape.of(binding, o.x(), o.y());
    fill(o, binding.launch(ROWS), rows, pieces, binding).grid(Plans.blocks(rows.rows(), binding.gpu()));
  }

  private static LaunchBuilder fill(Argmax o, LaunchBuilder launch, RowShape rows, int pieces, Binding binding) {
    return rows.pass(launch, "x", o.x(), binding).pointer("partial", binding.workspace()).pointer("y", binding.address(o.y())).set("width", rows.width())
        .set("pieces", pieces);
  }
}
