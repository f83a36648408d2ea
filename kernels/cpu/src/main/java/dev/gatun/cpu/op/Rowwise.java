package dev.gatun.cpu.op;

import dev.gatun.LayerNorm;
import dev.gatun.Operator;
import dev.gatun.RmsNorm;
import dev.gatun.Softmax;
import dev.gatun.Tensor;
import dev.gatun.spi.Decision;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** RmsNorm, LayerNorm and Softmax: each row of y from the same row of x. A unit is a row. */
final class Rowwise<O extends Operator> implements OperatorKernel<O> {
  /** A loop over one row. */
  interface Loop {
    void run(MemorySegment x, long xo, MemorySegment y, long yo, int n);
  }

  private Rowwise() {}

  static Rowwise<Operator> kernel() {
    return new Rowwise<>();
  }

  private record Parts(Tensor x, Tensor y, int flops) {}

  private static Parts parts(Operator operator) {
    return switch (operator) {
      case RmsNorm o -> new Parts(o.x(), o.y(), 4);
      case LayerNorm o -> new Parts(o.x(), o.y(), 7);
      case Softmax o -> new Parts(o.x(), o.y(), 16);
      default -> throw new IllegalArgumentException(operator.name() + " does not work row by row");
    };
  }

  private static Loop loop(Operator operator, RowMath math, Binding binding) {
    return switch (operator) {
      case RmsNorm o -> {
        View weight = binding.view(o.weight());
        MemorySegment memory = weight.memory();
        long at = weight.offset();
        float eps = o.eps();
        yield (x, xo, y, yo, n) -> math.rmsNorm(x, xo, memory, at, eps, y, yo, n);
      }
      case LayerNorm o -> {
        View weight = binding.view(o.weight());
        float eps = o.eps();
        if (o.bias().isEmpty()) {
          yield (x, xo, y, yo, n) -> math.layerNorm(x, xo, weight.memory(), weight.offset(), eps, y, yo, n);
        }
        View bias = binding.view(o.bias().get());
        yield (x, xo, y, yo, n) -> {
          math.layerNorm(x, xo, weight.memory(), weight.offset(), eps, y, yo, n);
          math.add(y, yo, bias.memory(), bias.offset(), y, yo, n);
        };
      }
      case Softmax o -> {
        float scale = o.scale();
        yield (x, xo, y, yo, n) -> math.softmax(x, xo, scale, y, yo, n);
      }
      default -> throw new IllegalArgumentException(operator.name() + " does not work row by row");
    };
  }

  @Override
  public Decision plan(O operator, Lanes lanes, int workers) {
    Parts parts = parts(operator);
    return Plans.refusal(operator).orElseGet(() -> Plans.of(operator, lanes, "rows", workers, scratch(parts),
        parts.flops * parts.y.shape().elements()));
  }

  private static long scratch(Parts parts) {
    return Rows.scratch(parts.x, parts.x.size(-1)) + Rows.scratch(parts.y, parts.y.size(-1));
  }

  @Override
  public List<Step> bind(O operator, Lanes lanes, Binding binding) {
    Parts parts = parts(operator);
    Scratch scratch = Scratch.of(binding, 0, scratch(parts));
    F32Rows x = new F32Rows(binding.view(parts.x), scratch, 0);
    F32Rows y = new F32Rows(binding.view(parts.y), scratch, Rows.scratch(parts.x, parts.x.size(-1)));
    return List.of(new WholeRows(Rows.of(binding, parts.y, parts.x), x, y, loop(operator, binding.math(), binding)));
  }

  private record WholeRows(Rows rows, F32Rows x, F32Rows y, Loop loop) implements Step {
    @Override
    public int units() {
      return rows.count();
    }

    @Override
    public void run(int from, int to, int worker) {
      int width = rows.width();
      for (int row = from; row < to; row++) {
        long xo = x.load(row, 0, width, worker);
        long yo = y.place(row, 0, worker);
        loop.run(x.memory(), xo, y.memory(), yo, width);
        y.store(row, 0, width, worker);
      }
    }
  }
}
