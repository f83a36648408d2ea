package dev.gatun.cuda.op;

import dev.gatun.Matmul;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.LaunchBuilder;
import java.util.Optional;

/**
 * Where the number of an element of a weight lies: that of element k of row n is {@code scale[(n >> shift) · row + k / 128 · step]}.
 *
 * @param shift of the rows that share a number, 31 for all
 * @param row from one row of the scale to the next
 * @param step from one number of a row to the next, 0 where a row has one
 */
record WeightScale(int shift, int row, int step) {
  private static final int ALL = 31;

  /** That of a matmul; of one without a scale none of its numbers is read. */
  static WeightScale of(Matmul o) {
    if (o.scale().isEmpty()) {
      return new WeightScale(ALL, 0, 0);
    }
    Tensor scale = o.scale().get();
    if (scale.shape().rank() == 2) {
      return new WeightScale(Integer.numberOfTrailingZeros(Matmul.SCALED), Math.toIntExact(scale.stride(0)), 1);
    }
    return scale.size(0) == 1 && o.w().size(0) > 1 ? new WeightScale(ALL, 0, 0) : new WeightScale(0, Math.toIntExact(scale.stride(0)), 0);
  }

  /** Why no kernel takes a scale: it lies too far apart. */
  static Optional<String> refusal(Matmul o) {
    return o.scale().filter(s -> s.stride(0) > Integer.MAX_VALUE).map(s -> "scale " + s + " has rows 2^31 or more numbers apart; copy it to where they lie together");
  }

  /** Passes where the numbers of every scale of a launch lie; their addresses go beside it. */
  LaunchBuilder pass(LaunchBuilder launch) {
    return launch.set("scale_shift", shift).set("scale_row", row).set("scale_step", step);
  }
}
