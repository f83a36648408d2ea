package dev.gatun.tck.example;

import dev.gatun.Rope;
import dev.gatun.Rotation;
import java.util.Optional;
import java.util.function.IntSupplier;

/** Rope: angles in float64, which a float32 product of a large position and a frequency would spoil. */
final class RopeKernel {
  private RopeKernel() {}

  static Runnable rope(Rope op, Binding at) {
    IntSupplier count = at.count(op.x(), op.positions(), op.y());
    Values x = at.values(op.x());
    Values positions = at.values(op.positions());
    Optional<Values> factors = op.factors().map(at::values);
    Values y = at.values(op.y());
    Rotation rotation = op.rotation();
    double[] frequencies = rotation.frequencies();
    int half = frequencies.length;
    boolean interleaved = (rotation.pairs() == Rotation.Pairs.INTERLEAVED) ^ (at.defect() == Defect.ROPE_PAIRS_SWAPPED);
    return () -> {
      for (int t = 0; t < count.getAsInt(); t++) {
        for (int i = 0; i < half; i++) {
          double angle = positions.integer(t) * frequencies[i] / (factors.isPresent() ? factors.get().get(i) : 1);
          float cos = (float) (rotation.amplitude() * Math.cos(angle));
          float sin = (float) (rotation.amplitude() * Math.sin(angle));
          int a = interleaved ? 2 * i : i;
          int b = interleaved ? 2 * i + 1 : i + half;
          for (int h = 0; h < x.size(1); h++) {
            long from = t * x.stride(0) + h * x.stride(1);
            long to = t * y.stride(0) + h * y.stride(1);
            float left = x.get(from + a);
            float right = x.get(from + b);
            y.set(to + a, left * cos - right * sin);
            float again = at.defect() == Defect.ROPE_IN_PLACE ? x.get(from + a) : left;
            y.set(to + b, again * sin + right * cos);
          }
        }
        for (int h = 0; h < x.size(1) && at.defect() != Defect.ROPE_TAIL_NOT_COPIED; h++) {
          for (int i = rotation.dims(); i < x.size(2); i++) {
            y.set(t * y.stride(0) + h * y.stride(1) + i, x.get(t * x.stride(0) + h * x.stride(1) + i));
          }
        }
      }
    };
  }
}
