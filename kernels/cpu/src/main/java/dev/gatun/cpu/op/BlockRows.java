package dev.gatun.cpu.op;

import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.Operator;
import dev.gatun.Quantize;
import dev.gatun.ShapeException;
import dev.gatun.Tensor;
import dev.gatun.cpu.format.Dequantizer;
import dev.gatun.cpu.format.Quantizer;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import java.util.List;

/** Quantize and Dequantize: a unit is up to {@value #PIECE} elements of a row, a whole number of blocks of every type. */
final class BlockRows<O extends Operator> implements OperatorKernel<O> {
  private static final int PIECE = 2048;

  private BlockRows() {}

  static BlockRows<Operator> kernel() {
    return new BlockRows<>();
  }

  private static Tensor y(Operator operator) {
    return operator.writes().getFirst();
  }

  @Override
  public Decision plan(O operator, Lanes lanes, int workers) {
    if (operator instanceof Quantize quantize) {
      try {
        Quantizer.of(quantize.y().dtype());
      } catch (ShapeException e) {
        return new Unsupported(e.getMessage());
      }
    }
    long scratch = operator instanceof Dequantize ? Rows.scratch(y(operator), PIECE) : 0;
    return Plans.refusal(operator).orElseGet(() -> Plans.of(operator, lanes, "pieces of " + PIECE, workers, scratch, y(operator).shape().elements()));
  }

  @Override
  public List<Step> bind(O operator, Lanes lanes, Binding binding) {
    Tensor x = operator.reads().getFirst();
    Tensor y = y(operator);
    Rows rows = Rows.of(binding, y, x);
    int pieces = Math.ceilDiv((int) y.size(-1), PIECE);
    return switch (operator) {
      case Quantize _ -> List.of(new Quantized(rows, binding.view(x), binding.view(y), Quantizer.of(y.dtype()), pieces));
      case Dequantize _ -> {
        Scratch scratch = Scratch.of(binding, 0, Rows.scratch(y, PIECE));
        yield List.of(new Expanded(rows, binding.view(x), new F32Rows(binding.view(y), scratch, 0), Dequantizer.of(x.dtype()), pieces));
      }
      default -> throw new IllegalArgumentException(operator.name() + " does not convert blocks");
    };
  }

  private static int elements(Rows rows, int column, DType blocks) {
    int n = Math.min(PIECE, rows.width() - column);
    return Math.max(0, n - n % blocks.blockSize());
  }

  private record Quantized(Rows rows, View x, View y, Quantizer quantizer, int pieces) implements Step {
    @Override
    public int units() {
      return rows.count() * pieces;
    }

    @Override
    public void run(int from, int to, int worker) {
      for (int unit = from; unit < to; unit++) {
        int row = unit / pieces;
        int column = unit % pieces * PIECE;
        int n = elements(rows, column, y.dtype());
        quantizer.row(x.memory(), x.row(row) + 4L * column, y.memory(), y.row(row) + y.dtype().bytes(column), n);
      }
    }
  }

  private record Expanded(Rows rows, View x, F32Rows y, Dequantizer dequantizer, int pieces) implements Step {
    @Override
    public int units() {
      return rows.count() * pieces;
    }

    @Override
    public void run(int from, int to, int worker) {
      for (int unit = from; unit < to; unit++) {
        int row = unit / pieces;
        int column = unit % pieces * PIECE;
        int n = elements(rows, column, x.dtype());
        dequantizer.row(x.memory(), x.row(row) + x.dtype().bytes(column), y.memory(), y.place(row, column, worker), n);
        y.store(row, column, n, worker);
      }
    }
  }
}
