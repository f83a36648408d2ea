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
    this.frequencies = new double[rotation.dims() / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = scaled(i, Math.pow(rotation.base(), -2.0 * i / rotation.dims()));
    }
    this.magnitude = rotation.magnitude() * switch (rotation.scaling()) {
      case Rotation.Scaling.Yarn yarn -> yarn.attentionFactor() * (1 + 0.1 * Math.log(yarn.factor()));
      default -> 1;
    };
  }

  private double scaled(int pair, double f) {
    return switch (rotation.scaling()) {
      case Rotation.Scaling.None _ -> f;
      case Rotation.Scaling.Linear linear -> f / linear.factor();
      case Rotation.Scaling.Llama3 llama -> llama3(llama, f);
      case Rotation.Scaling.Yarn yarn -> yarn(yarn, pair, f);
    };
  }

  private static double llama3(Rotation.Scaling.Llama3 scaling, double f) {
    double wavelength = 2 * Math.PI / f;
    if (wavelength < scaling.context() / scaling.highFactor()) {
      return f;
    }
    if (wavelength > scaling.context() / scaling.lowFactor()) {
      return f / scaling.factor();
    }
    double s = (scaling.context() / wavelength - scaling.lowFactor()) / (scaling.highFactor() - scaling.lowFactor());
    return (1 - s) * f / scaling.factor() + s * f;
  }

  private double yarn(Rotation.Scaling.Yarn scaling, int pair, double f) {
    double low = Math.max(0, Math.floor(dimension(scaling.context(), scaling.betaFast())));
    double high = Math.min(rotation.dims() - 1, Math.ceil(dimension(scaling.context(), scaling.betaSlow())));
    double r = 1 - Math.clamp((pair - low) / Math.max(high - low, 0.001), 0, 1);
    return (1 - r) * f / scaling.factor() + r * f;
  }

  private double dimension(long context, double beta) {
    return rotation.dims() * Math.log(context / (2 * Math.PI * beta)) / (2 * Math.log(rotation.base()));
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

  /** Turns one head by a table of {@link #fill}; {@code y} may lie over {@code x}. What lies past the rotation's elements is left alone. */
  public void turn(RowMath math, MemorySegment x, long xo, MemorySegment table, long to, MemorySegment y, long yo) {
    switch (rotation.pairs()) {
      case HALF_SPLIT -> math.rotateHalves(x, xo, table, to, y, yo, rotation.dims() / 2);
      case INTERLEAVED -> math.rotatePairs(x, xo, table, to, y, yo, rotation.dims());
    }
  }
}
