package dev.gatun.cpu.op;

import dev.gatun.Rope;
import dev.gatun.spi.Decision;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Rope: a unit is a token; its cosines and sines are computed once, into the worker's scratch memory, and turn all its heads. */
final class RopeKernel implements OperatorKernel<Rope> {
  @Override
  public Decision plan(Rope operator, Lanes lanes, int workers) {
    return Plans.refusal(operator).orElseGet(() -> Plans.of(operator, lanes, "tokens", workers, scratch(operator, new Angles(operator.rotation())),
        3 * operator.y().shape().elements()));
  }

  private static long scratch(Rope operator, Angles angles) {
    return Scratch.align(angles.tableBytes()) + Rows.scratch(operator.x(), operator.x().size(2)) + Rows.scratch(operator.y(), operator.y().size(2));
  }

  @Override
  public List<Step> bind(Rope operator, Lanes lanes, Binding binding) {
    Angles angles = new Angles(operator.rotation());
    Scratch scratch = Scratch.of(binding, 0, scratch(operator, angles));
    long xAt = Scratch.align(angles.tableBytes());
    F32Rows x = new F32Rows(binding.view(operator.x()), scratch, xAt);
    F32Rows y = new F32Rows(binding.view(operator.y()), scratch, xAt + Rows.scratch(operator.x(), operator.x().size(2)));
    MemorySegment factors = operator.factors().map(f -> binding.view(f).memory()).orElse(MemorySegment.NULL);
    long factorsAt = operator.factors().map(f -> binding.view(f).offset()).orElse(0L);
    return List.of(new Tokens(Rows.of(binding, operator.y(), operator.x(), operator.positions()), binding.view(operator.positions()), x, y,
        (int) operator.x().size(1), (int) operator.x().size(2), operator.rotation().dims(), angles, factors, factorsAt, binding.math(), scratch));
  }

  private record Tokens(Rows rows, View positions, F32Rows x, F32Rows y, int heads, int size, int dims, Angles angles, MemorySegment factors,
      long factorsAt, RowMath math, Scratch scratch) implements Step {
    @Override
    public int units() {
      return rows.indices();
    }

    @Override
    public void run(int from, int to, int worker) {
      long table = scratch.of(worker);
      for (int token = from; token < to; token++) {
        angles.fill(positions.integer(token), factors, factorsAt, scratch.memory(), table);
        if (x.isDirect() && y.isDirect()) {
          angles.turn(math, x.memory(), x.load(token * heads, 0, size, worker), x.stride(1), scratch.memory(), table, y.memory(),
              y.place(token * heads, 0, worker), y.stride(1), heads, size);
          continue;
        }
        for (int head = 0; head < heads; head++) {
          int row = token * heads + head;
          long xo = x.load(row, 0, size, worker);
          long yo = y.place(row, 0, worker);
          angles.turn(math, x.memory(), xo, scratch.memory(), table, y.memory(), yo);
          if (dims < size) {
            MemorySegment.copy(x.memory(), xo + 4L * dims, y.memory(), yo + 4L * dims, 4L * (size - dims));
          }
          y.store(row, 0, size, worker);
        }
      }
    }
  }
}
