package dev.gatun.cpu.op;

import dev.gatun.Rotation;
import java.lang.foreign.MemorySegment;

/** The angles of a {@link Rotation}: its frequencies, scaled, and the table of cosines and sines at a position that {@link RowMath} turns by. */
public final class Angles {
  private final Rotation rotation;
  private final double[] frequencies;
  private final double magnitude;

  /** The frequencies of {@code rotation}. */
  public Angles(Rotation rotation) {
    this.rotation = rotation;
    this.frequencies = rotation.frequencies();
    this.magnitude = rotation.amplitude();
  }

  /** Bytes of a table. */
  public long tableBytes() {
    return 4L * rotation.dims() * (rotation.pairs() == Rotation.Pairs.INTERLEAVED ? 2 : 1);
  }

  /**
   * Writes the table of a position.
   *
   * @param factors frequency factors in F32 from byte {@code fo} on, one a pair; {@link MemorySegment#NULL} for none
   */
  public void fill(int position, MemorySegment factors, long fo, MemorySegment table, long to) {
    int dims = rotation.dims();
    boolean factored = factors.byteSize() > 0;
    for (int i = 0; i < frequencies.length; i++) {
      double angle = position * frequencies[i] / (factored ? factors.get(View.FLOAT, fo + 4L * i) : 1);
      float cos = (float) (Math.cos(angle) * magnitude);
      float sin = (float) (Math.sin(angle) * magnitude);
      if (rotation.pairs() == Rotation.Pairs.HALF_SPLIT) {
        table.set(View.FLOAT, to + 4L * i, cos);
        table.set(View.FLOAT, to + 4L * (frequencies.length + i), sin);
      } else {
        table.set(View.FLOAT, to + 8L * i, cos);
        table.set(View.FLOAT, to + 8L * i + 4, cos);
        table.set(View.FLOAT, to + 4L * dims + 8L * i, -sin);
        table.set(View.FLOAT, to + 4L * dims + 8L * i + 4, sin);
      }
    }
  }

  /** Turns the first elements of rows of n by a table of {@link #fill}, and copies the others. */
  void turn(RowMath math, MemorySegment x, long xo, long xRow, MemorySegment table, long to, MemorySegment y, long yo, long yRow, int rows, int n) {
    math.rotateRows(rotation.pairs() == Rotation.Pairs.INTERLEAVED, x, xo, xRow, table, to, y, yo, yRow, rows, rotation.dims(), n);
  }

  /** Turns one head by a table of {@link #fill}; {@code y} may lie over {@code x}. What lies past the rotation's elements is left alone. */
  public void turn(RowMath math, MemorySegment x, long xo, MemorySegment table, long to, MemorySegment y, long yo) {
    switch (rotation.pairs()) {
      case HALF_SPLIT -> math.rotateHalves(x, xo, table, to, y, yo, rotation.dims() / 2);
      case INTERLEAVED -> math.rotatePairs(x, xo, table, to, y, yo, rotation.dims());
    }
  }
}
