package dev.gatun.cpu.op;

import static dev.gatun.cpu.op.View.FLOAT;

import dev.gatun.TopK;
import dev.gatun.spi.Decision;
import java.util.List;

/** TopK: a unit is a row; the outputs' own row is the heap of the best so far. */
final class TopKKernel implements OperatorKernel<TopK> {
  private static final int PIECE = 2048;

  @Override
  public Decision plan(TopK operator, Lanes lanes, int workers) {
    return Plans.refusal(operator).orElseGet(() -> Plans.of(operator, lanes, "rows", workers, Rows.scratch(operator.x(), PIECE),
        operator.x().shape().elements()));
  }

  @Override
  public List<Step> bind(TopK operator, Lanes lanes, Binding binding) {
    View values = binding.view(operator.values());
    View indices = binding.view(operator.indices());
    F32Rows x = new F32Rows(binding.view(operator.x()), Scratch.of(binding, 0, Rows.scratch(operator.x(), PIECE)), 0);
    return List.of(new Best(Rows.of(binding, operator.values(), operator.x(), operator.indices()), x, (int) operator.x().size(1), values, indices,
        new Ranking.Heap(values.memory(), indices.memory())));
  }

  private record Best(Rows rows, F32Rows x, int width, View values, View indices, Ranking.Heap heap) implements Step {
    @Override
    public int units() {
      return values.size(1) == 0 ? 0 : rows.indices();
    }

    @Override
    public void run(int from, int to, int worker) {
      int k = values.size(1);
      for (int row = from; row < to; row++) {
        long vo = values.row(row);
        long io = indices.row(row);
        for (int column = 0; column < width; column += PIECE) {
          int n = Math.min(PIECE, width - column);
          long at = x.load(row, column, n, worker);
          for (int i = 0; i < n; i++) {
            float value = x.memory().get(FLOAT, at + 4L * i);
            if (column + i >= k) {
              heap.offer(vo, io, k, value, column + i);
            } else {
              heap.put(vo, io, column + i, value, column + i);
              if (column + i == k - 1) {
                heap.build(vo, io, k);
              }
            }
          }
        }
        heap.sort(vo, io, k);
      }
    }
  }
}
