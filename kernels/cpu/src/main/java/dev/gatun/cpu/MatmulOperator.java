package dev.gatun.cpu;

import dev.gatun.Matmul;
import dev.gatun.cpu.matmul.MatmulKernel;
import dev.gatun.cpu.op.Binding;
import dev.gatun.cpu.op.CpuPlan;
import dev.gatun.cpu.op.Lanes;
import dev.gatun.cpu.op.OperatorKernel;
import dev.gatun.cpu.op.Step;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Fusion;
import dev.gatun.spi.Unsupported;
import java.util.List;

/** {@link Matmul} by itself: a stage of one. */
final class MatmulOperator implements OperatorKernel<Matmul> {
  private static final int LONGEST_ROW = 1 << 28;

  private final WeightLayout layout;

  MatmulOperator(WeightLayout layout) {
    this.layout = layout;
  }

  @Override
  public Decision plan(Matmul op, Lanes lanes, int workers) {
    if (!MatmulKernel.takes(op.w().dtype())) {
      return new Unsupported("no kernel reads a weight of " + op.w().dtype() + " in place; Backend.prepare expands it to F32");
    }
    if (!layout.isKnown(op.w())) {
      return new Unsupported("the layout " + op.w().layout() + " of its weight is none of this backend's; prepare the weight with this backend");
    }
    if (op.w().size(1) > LONGEST_ROW) {
      return new Unsupported("rows of " + op.w().size(1) + " elements are longer than " + LONGEST_ROW + "; split the sum");
    }
    if (op.x().size(0) > Integer.MAX_VALUE || op.w().size(0) > Integer.MAX_VALUE) {
      return new Unsupported("more than 2^31 - 1 rows; split it");
    }
    long flops = 2 * op.x().size(0) * op.w().shape().elements();
    String kernel = "matmul_" + WeightLayout.label(op.w()) + "_" + layout.form(op);
    return new CpuPlan(kernel, MatmulStage.tile(op, workers) + " rows of w", MatmulStage.scratchBytes(Fusion.alone(op), layout), CpuPlan.bytes(op), flops,
        layout.rejected(op.w()));
  }

  @Override
  public List<Step> bind(Matmul op, Lanes lanes, Binding binding) {
    return MatmulStage.bind(Fusion.alone(op), layout, binding).steps();
  }
}
