package dev.gatun.cpu;

import dev.gatun.GroupedMatmul;
import dev.gatun.cpu.matmul.MatmulKernel;
import dev.gatun.cpu.op.Binding;
import dev.gatun.cpu.op.CpuPlan;
import dev.gatun.cpu.op.Lanes;
import dev.gatun.cpu.op.OperatorKernel;
import dev.gatun.cpu.op.Step;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import java.util.List;

/** {@link GroupedMatmul}, by the kernels of matmul. */
final class GroupedMatmulOperator implements OperatorKernel<GroupedMatmul> {
  private static final int LONGEST_ROW = 1 << 28;

  private final WeightLayout layout;

  GroupedMatmulOperator(WeightLayout layout) {
    this.layout = layout;
  }

  @Override
  public Decision plan(GroupedMatmul op, Lanes lanes, int workers) {
    if (!MatmulKernel.takes(op.w().dtype())) {
      return new Unsupported("no kernel reads a weight of " + op.w().dtype() + " in place; Backend.prepare expands it to F32");
    }
    if (!layout.isKnown(op.w())) {
      return new Unsupported("the layout " + op.w().layout() + " of its weight is none of this backend's; prepare the weight with this backend");
    }
    if (op.w().size(2) > LONGEST_ROW) {
      return new Unsupported("rows of " + op.w().size(2) + " elements are longer than " + LONGEST_ROW + "; split the sum");
    }
    long choices = op.chosen().shape().elements();
    if (choices + op.mostExperts() > Integer.MAX_VALUE || op.w().shape().rows() > Integer.MAX_VALUE) {
      return new Unsupported("more than 2^31 - 1 rows; split it");
    }
    long sums = op.gates().isPresent() ? 2 * choices * op.w().size(1) : 0;
    GroupedMatmulStage stage = new GroupedMatmulStage(op, layout);
    return new CpuPlan("grouped_matmul_" + WeightLayout.label(op.w()) + "_" + stage.form(), stage.tile(workers) + " rows of w, " + stage.told(),
        stage.scratchBytes(), bytes(op), 2 * choices * op.w().size(1) * op.w().size(2) + sums, layout.rejected(op.w()));
  }

  /** Of the weights those of as many experts as can be chosen; every other operand once. */
  private static long bytes(GroupedMatmul op) {
    long all = CpuPlan.bytes(op) - CpuPlan.bytes(op.w()) - op.bias().map(CpuPlan::bytes).orElse(0L);
    long expert = op.w().dtype().bytes(op.w().size(1) * op.w().size(2)) + (op.bias().isPresent() ? 4 * op.w().size(1) : 0);
    return all + op.mostExperts() * expert;
  }

  @Override
  public List<Step> bind(GroupedMatmul op, Lanes lanes, Binding binding) {
    return new GroupedMatmulStage(op, layout).bind(binding);
  }
}
