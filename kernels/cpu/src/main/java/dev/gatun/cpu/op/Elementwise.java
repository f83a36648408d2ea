package dev.gatun.cpu.op;

import dev.gatun.Add;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.Mul;
import dev.gatun.Operator;
import dev.gatun.Scale;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Tensor;
import dev.gatun.spi.Decision;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * Add, Mul, SiluMul, Gelu, GeluMul, Scale and Softcap: each element of y from the elements of a, and of b if there is one, at its place. A unit is up to
 * {@value #PIECE} elements of a row.
 */
final class Elementwise<O extends Operator> implements OperatorKernel<O> {
  static final int PIECE = 2048;

  /** A loop over one piece; {@code spare} is room for a piece. Where there is no b, it is handed a for b. */
  interface Loop {
    void run(MemorySegment a, long ao, MemorySegment b, long bo, MemorySegment y, long yo, MemorySegment spare, long so, int n);
  }

  private Elementwise() {}

  static Elementwise<Operator> kernel() {
    return new Elementwise<>();
  }

  /** What the family's operators have in common. */
  private record Parts(Tensor a, Optional<Tensor> b, Tensor y, int flops) {}

  private static Parts parts(Operator operator) {
    return switch (operator) {
      case Add o -> new Parts(o.a(), Optional.of(o.b()), o.y(), 1);
      case Mul o -> new Parts(o.a(), Optional.of(o.b()), o.y(), 1);
      case Scale o -> new Parts(o.x(), Optional.empty(), o.y(), 1);
      case SiluMul o -> new Parts(o.gate(), Optional.of(o.up()), o.y(), 16);
      case Gelu o -> new Parts(o.x(), Optional.empty(), o.y(), 18);
      case GeluMul o -> new Parts(o.gate(), Optional.of(o.up()), o.y(), 19);
      case Softcap o -> new Parts(o.x(), Optional.empty(), o.y(), 28);
      default -> throw new IllegalArgumentException(operator.name() + " is no elementwise operator");
    };
  }

  private static Loop loop(Operator operator, RowMath math) {
    return switch (operator) {
      case Add _ -> (a, ao, b, bo, y, yo, _, _, n) -> math.add(a, ao, b, bo, y, yo, n);
      case Mul _ -> (a, ao, b, bo, y, yo, _, _, n) -> math.mul(a, ao, b, bo, y, yo, n);
      case Scale o -> {
        float factor = o.factor();
        yield (a, ao, _, _, y, yo, _, _, n) -> math.scale(a, ao, factor, y, yo, n);
      }
      case SiluMul _ -> (a, ao, b, bo, y, yo, _, _, n) -> math.siluMul(a, ao, b, bo, y, yo, n);
      case Gelu o -> {
        Gelu.Form form = o.form();
        yield (a, ao, _, _, y, yo, _, _, n) -> math.gelu(form, a, ao, y, yo, n);
      }
      case GeluMul o -> {
        Gelu.Form form = o.form();
        yield (a, ao, b, bo, y, yo, spare, so, n) -> math.geluMul(form, a, ao, b, bo, y, yo, spare, so, n);
      }
      case Softcap o -> {
        float cap = o.cap();
        yield (a, ao, _, _, y, yo, _, _, n) -> math.softcap(a, ao, cap, y, yo, n);
      }
      default -> throw new IllegalArgumentException(operator.name() + " is no elementwise operator");
    };
  }

  @Override
  public Decision plan(O operator, Lanes lanes, int workers) {
    Parts parts = parts(operator);
    return Plans.refusal(operator).orElseGet(() -> Plans.of(operator, lanes, "pieces of " + PIECE, workers, scratch(parts),
        parts.flops * parts.y.shape().elements()));
  }

  private static long scratch(Parts parts) {
    return Rows.scratch(parts.a, PIECE) + Rows.scratch(parts.b, PIECE) + Rows.scratch(parts.y, PIECE) + 4L * PIECE;
  }

  @Override
  public List<Step> bind(O operator, Lanes lanes, Binding binding) {
    Parts parts = parts(operator);
    Scratch scratch = Scratch.of(binding, 0, scratch(parts));
    long bAt = Rows.scratch(parts.a, PIECE);
    long yAt = bAt + Rows.scratch(parts.b, PIECE);
    F32Rows a = new F32Rows(binding.view(parts.a), scratch, 0);
    Tensor second = parts.b.orElse(parts.a);
    F32Rows b = parts.b.isPresent() ? new F32Rows(binding.view(second), scratch, bAt) : a;
    F32Rows y = new F32Rows(binding.view(parts.y), scratch, yAt);
    Rows rows = second.shape().rank() == parts.a.shape().rank() ? Rows.of(binding, parts.y, parts.a, second) : Rows.of(binding, parts.y, parts.a);
    boolean oneRow = second.shape().rank() == 1;
    return List.of(new Pieces(rows, a, b, oneRow, y, loop(operator, binding.math()), scratch,
        yAt + Rows.scratch(parts.y, PIECE), Math.ceilDiv((int) parts.y.size(-1), PIECE)));
  }

  private record Pieces(Rows rows, F32Rows a, F32Rows b, boolean oneRow, F32Rows y, Loop loop, Scratch scratch, long spare, int pieces)
      implements Step {
    @Override
    public int units() {
      return rows.count() * pieces;
    }

    @Override
    public void run(int from, int to, int worker) {
      int width = rows.width();
      for (int unit = from; unit < to; unit++) {
        int row = unit / pieces;
        int column = unit % pieces * PIECE;
        int n = Math.min(PIECE, width - column);
        if (n <= 0) {
          continue;
        }
        long ao = a.load(row, column, n, worker);
        long bo = b == a ? ao : b.load(oneRow ? 0 : row, column, n, worker);
        long yo = y.place(row, column, worker);
        loop.run(a.memory(), ao, b.memory(), bo, y.memory(), yo, scratch.memory(), scratch.of(worker) + spare, n);
        y.store(row, column, n, worker);
      }
    }
  }
}
