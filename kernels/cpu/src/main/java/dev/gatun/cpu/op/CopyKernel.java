package dev.gatun.cpu.op;

import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.cpu.format.Dequantizer;
import dev.gatun.cpu.format.Quantizer;
import dev.gatun.spi.Decision;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Copy: a unit is up to {@value #PIECE} elements of a row; elements apart are first moved together, or last moved apart, in scratch memory. */
final class CopyKernel implements OperatorKernel<Copy> {
  private static final int PIECE = 2048;
  private static final long SCRATCH = 3 * 4L * PIECE;

  @Override
  public Decision plan(Copy operator, Lanes lanes, int workers) {
    return Plans.refusal(operator).orElseGet(() -> Plans.of(operator, lanes, "pieces of " + PIECE, workers, SCRATCH, 0));
  }

  @Override
  public List<Step> bind(Copy operator, Lanes lanes, Binding binding) {
    DType from = operator.x().dtype();
    DType to = operator.y().dtype();
    boolean cast = from != to;
    return List.of(new Pieces(Rows.of(binding, operator.y(), operator.x()), binding.view(operator.x()), binding.view(operator.y()),
        Dequantizer.of(from), Quantizer.of(cast ? to : DType.F32), cast, Scratch.of(binding, 0, SCRATCH),
        Math.ceilDiv((int) operator.y().size(-1), PIECE)));
  }

  private record Pieces(Rows rows, View x, View y, Dequantizer reader, Quantizer writer, boolean cast, Scratch scratch, int pieces)
      implements Step {
    @Override
    public int units() {
      return rows.count() * pieces;
    }

    @Override
    public void run(int from, int to, int worker) {
      int width = rows.width();
      for (int unit = from; unit < to; unit++) {
        int column = unit % pieces * PIECE;
        int n = Math.min(PIECE, width - column);
        if (n > 0) {
          piece(x.row(unit / pieces) + column * x.strideBytes(-1), y.row(unit / pieces) + column * y.strideBytes(-1), n, worker);
        }
      }
    }

    private void piece(long xo, long yo, int n, int worker) {
      MemorySegment spare = scratch.memory();
      long gathered = scratch.of(worker);
      long wide = gathered + 4L * PIECE;
      long narrow = wide + 4L * PIECE;
      boolean together = n == 1 || x.stride(-1) == 1;
      boolean targetTogether = n == 1 || y.stride(-1) == 1;
      MemorySegment source = together ? x.memory() : spare;
      long at = together ? xo : gathered;
      if (!together) {
        move(x.dtype().blockBytes(), x.memory(), xo, x.strideBytes(-1), spare, gathered, x.dtype().blockBytes(), n);
      }
      if (cast) {
        reader.row(source, at, spare, wide, n);
        writer.row(spare, wide, targetTogether ? y.memory() : spare, targetTogether ? yo : narrow, n);
        source = spare;
        at = narrow;
      }
      if (!targetTogether) {
        move(y.dtype().blockBytes(), source, at, y.dtype().blockBytes(), y.memory(), yo, y.strideBytes(-1), n);
      } else if (!cast) {
        MemorySegment.copy(source, at, y.memory(), yo, y.dtype().bytes(n));
      }
    }

    private static void move(int size, MemorySegment from, long at, long stride, MemorySegment to, long into, long intoStride, int n) {
      for (int i = 0; i < n; i++) {
        switch (size) {
          case 1 -> to.set(ValueLayout.JAVA_BYTE, into + i * intoStride, from.get(ValueLayout.JAVA_BYTE, at + i * stride));
          case 2 -> to.set(View.SHORT, into + i * intoStride, from.get(View.SHORT, at + i * stride));
          default -> to.set(View.INT, into + i * intoStride, from.get(View.INT, at + i * stride));
        }
      }
    }
  }
}
