package dev.gatun.cpu.op;

import static dev.gatun.cpu.op.View.FLOAT;
import static dev.gatun.cpu.op.View.INT;

import dev.gatun.Argmax;
import dev.gatun.spi.Decision;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Argmax: a unit is a piece of {@value #PIECE} elements of a row; a second step takes the best of a row's pieces. */
final class ArgmaxKernel implements OperatorKernel<Argmax> {
  private static final int PIECE = 8192;

  @Override
  public Decision plan(Argmax operator, Lanes lanes, int workers) {
    return Plans.refusal(operator).orElseGet(() -> new CpuPlan(Plans.kernel(operator, lanes), "pieces of " + PIECE,
        Scratch.bytes(workers, Rows.scratch(operator.x(), PIECE)) + 8 * operator.x().size(0) * pieces(operator), CpuPlan.bytes(operator),
        operator.x().shape().elements(), List.of()));
  }

  private static int pieces(Argmax operator) {
    return Math.ceilDiv((int) operator.x().size(1), PIECE);
  }

  @Override
  public List<Step> bind(Argmax operator, Lanes lanes, Binding binding) {
    Scratch scratch = Scratch.of(binding, 0, Rows.scratch(operator.x(), PIECE));
    F32Rows x = new F32Rows(binding.view(operator.x()), scratch, 0);
    Rows rows = Rows.of(binding, operator.y(), operator.x());
    long found = scratch.base() + Scratch.bytes(binding.workers(), Rows.scratch(operator.x(), PIECE));
    Pieces pieces = new Pieces(rows, x, pieces(operator), (int) operator.x().size(1), scratch.memory(), found, binding.math());
    return List.of(pieces, new Best(pieces, binding.view(operator.y())));
  }

  /** Leaves each piece's largest value and its index. */
  private record Pieces(Rows rows, F32Rows x, int pieces, int width, MemorySegment memory, long found, RowMath math) implements Step {
    @Override
    public int units() {
      return rows.indices() * pieces;
    }

    @Override
    public void run(int from, int to, int worker) {
      for (int unit = from; unit < to; unit++) {
        int column = unit % pieces * PIECE;
        int n = Math.min(PIECE, width - column);
        long at = x.load(unit / pieces, column, n, worker);
        math.largest(x.memory(), at, n, column, memory, found + 8L * unit);
      }
    }
  }

  private record Best(Pieces pieces, View y) implements Step {
    @Override
    public int units() {
      return pieces.rows.indices();
    }

    @Override
    public int chunk() {
      return 16;
    }

    @Override
    public void run(int from, int to, int worker) {
      for (int row = from; row < to; row++) {
        long at = pieces.found + 8L * row * pieces.pieces;
        float largest = pieces.memory.get(FLOAT, at);
        int index = pieces.memory.get(INT, at + 4);
        for (int i = 1; i < pieces.pieces && !Float.isNaN(largest); i++) {
          float value = pieces.memory.get(FLOAT, at + 8L * i);
          if (value > largest || Float.isNaN(value)) {
            largest = value;
            index = pieces.memory.get(INT, at + 8L * i + 4);
          }
        }
        y.memory().set(INT, y.offset() + row * y.strideBytes(0), index);
      }
    }
  }
}
