package dev.gatun.cpu.op;

import dev.gatun.GatherRows;
import dev.gatun.spi.Decision;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** GatherRows: a unit is a picked row, copied as it is. */
final class GatherRowsKernel implements OperatorKernel<GatherRows> {
  @Override
  public Decision plan(GatherRows operator, Lanes lanes, int workers) {
    return Plans.refusal(operator).orElseGet(() -> {
      long rows = operator.rows().size(0);
      long bytes = rows * (4 + 2 * operator.y().dtype().bytes(operator.y().size(1)));
      return new CpuPlan(Plans.kernel(operator, lanes), "rows", 0, bytes, 0, List.of());
    });
  }

  @Override
  public List<Step> bind(GatherRows operator, Lanes lanes, Binding binding) {
    return List.of(new Picked(Rows.of(binding, operator.y(), operator.rows()), binding.view(operator.rows()), binding.view(operator.x()),
        binding.view(operator.y())));
  }

  private record Picked(Rows count, View rows, View x, View y) implements Step {
    @Override
    public int units() {
      return count.indices();
    }

    @Override
    public void run(int from, int to, int worker) {
      int width = x.size(1);
      for (int r = from; r < to; r++) {
        int row = rows.integer(r);
        if (row < 0 || row >= x.size(0)) {
          EmbeddingKernel.NotANumber.fill(y.dtype(), y.memory(), y.row(r), width);
        } else {
          MemorySegment.copy(x.memory(), x.row(row), y.memory(), y.row(r), y.dtype().bytes(width));
        }
      }
    }
  }
}
