package dev.gatun.cpu.op;

import dev.gatun.DType;
import dev.gatun.Embedding;
import dev.gatun.cpu.format.Dequantizer;
import dev.gatun.spi.Decision;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Embedding: a unit is a token, whose row of the table is dequantized straight into y where that is F32. */
final class EmbeddingKernel implements OperatorKernel<Embedding> {
  @Override
  public Decision plan(Embedding operator, Lanes lanes, int workers) {
    return Plans.refusal(operator).orElseGet(() -> {
      long tokens = operator.ids().size(0);
      long width = operator.y().size(1);
      long bytes = tokens * (4 + operator.table().dtype().bytes(width) + operator.y().dtype().bytes(width));
      return new CpuPlan(Plans.kernel(operator, lanes), "tokens", Scratch.bytes(workers, Rows.scratch(operator.y(), width)), bytes, tokens * width,
          List.of());
    });
  }

  @Override
  public List<Step> bind(Embedding operator, Lanes lanes, Binding binding) {
    Scratch scratch = Scratch.of(binding, 0, Rows.scratch(operator.y(), operator.y().size(1)));
    return List.of(new Tokens(Rows.of(binding, operator.y(), operator.ids()), binding.view(operator.ids()), binding.view(operator.table()),
        Dequantizer.of(operator.table().dtype()), new F32Rows(binding.view(operator.y()), scratch, 0)));
  }

  private record Tokens(Rows rows, View ids, View table, Dequantizer dequantizer, F32Rows y) implements Step {
    @Override
    public int units() {
      return rows.indices();
    }

    @Override
    public void run(int from, int to, int worker) {
      int width = table.size(1);
      for (int token = from; token < to; token++) {
        int id = ids.integer(token);
        long yo = y.place(token, 0, worker);
        if (id < 0 || id >= table.size(0)) {
          NotANumber.fill(DType.F32, y.memory(), yo, width);
        } else {
          dequantizer.row(table.memory(), table.row(id), y.memory(), yo, width);
        }
        y.store(token, 0, width, worker);
      }
    }
  }

  /** Rows that answer an index out of range. */
  static final class NotANumber {
    private NotANumber() {}

    static void fill(DType type, MemorySegment memory, long at, int n) {
      short half = type == DType.F16 ? (short) 0x7E00 : (short) 0x7FC0;
      for (int i = 0; i < n; i++) {
        if (type == DType.F32) {
          memory.set(View.FLOAT, at + 4L * i, Float.NaN);
        } else {
          memory.set(View.SHORT, at + 2L * i, half);
        }
      }
    }
  }
}
