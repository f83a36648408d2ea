package dev.gatun.cpu.op;

import static dev.gatun.cpu.op.View.FLOAT;
import static dev.gatun.cpu.op.View.INT;

import dev.gatun.Penalize;
import dev.gatun.spi.Decision;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Penalize: a unit is a row; ids are counted in scratch memory, of which only what the history names is touched. */
final class PenalizeKernel implements OperatorKernel<Penalize> {
  @Override
  public Decision plan(Penalize operator, Lanes lanes, int workers) {
    return Plans.refusal(operator).orElseGet(() -> Plans.of(operator, lanes, "rows", workers, 4 * operator.x().size(1),
        4 * operator.history().shape().elements()));
  }

  @Override
  public List<Step> bind(Penalize operator, Lanes lanes, Binding binding) {
    return List.of(new Penalized(Rows.of(binding, operator.y(), operator.x(), operator.history(), operator.lengths(), operator.penalties()),
        binding.view(operator.x()), binding.view(operator.history()), binding.view(operator.lengths()), binding.view(operator.penalties()),
        binding.view(operator.y()), Scratch.of(binding, 0, 4 * operator.x().size(1))));
  }

  private record Penalized(Rows rows, View x, View history, View lengths, View penalties, View y, Scratch scratch) implements Step {
    @Override
    public int units() {
      return rows.indices();
    }

    @Override
    public void run(int from, int to, int worker) {
      long counts = scratch.of(worker);
      for (int row = from; row < to; row++) {
        if (x.memory() != y.memory() || x.row(row) != y.row(row)) {
          MemorySegment.copy(x.memory(), x.row(row), y.memory(), y.row(row), 4L * x.size(1));
        }
        int length = Math.clamp(lengths.integer(row), 0, history.size(1));
        for (int i = 0; i < length; i++) {
          int id = id(row, i);
          if (id >= 0) {
            scratch.memory().set(INT, counts + 4L * id, 0);
          }
        }
        for (int i = 0; i < length; i++) {
          int id = id(row, i);
          if (id >= 0) {
            scratch.memory().set(INT, counts + 4L * id, scratch.memory().get(INT, counts + 4L * id) + 1);
          }
        }
        lower(row, length, counts);
      }
    }

    private void lower(int row, int length, long counts) {
      long at = penalties.row(row);
      float repetition = penalties.memory().get(FLOAT, at);
      float frequency = penalties.memory().get(FLOAT, at + 4);
      float presence = penalties.memory().get(FLOAT, at + 8);
      for (int i = 0; i < length; i++) {
        int id = id(row, i);
        int count = id < 0 ? 0 : scratch.memory().get(INT, counts + 4L * id);
        if (count > 0) {
          scratch.memory().set(INT, counts + 4L * id, 0);
          long logit = y.row(row) + 4L * id;
          float value = y.memory().get(FLOAT, logit);
          float scaled = value > 0 ? value / repetition : value * repetition;
          y.memory().set(FLOAT, logit, scaled - count * frequency - presence);
        }
      }
    }

    private int id(int row, int i) {
      int id = history.memory().get(INT, history.row(row) + 4L * i);
      return id < x.size(1) ? id : -1;
    }
  }
}
