package dev.gatun;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Which tokens of a step belong to which sequence. Sequence s owns the rows {@code starts[s]} to {@code starts[s+1]} of every token-wise tensor, in
 * ascending position; {@code starts[0]} is 0. All three live on the device, so that a replayed program sees new values.
 *
 * @param starts {@code [S+1]} in I32; entries past the actual sequences plus one are not read
 * @param slots {@code [S]} in I32, the cache slot of each sequence; its {@link Tensor#count()} is the number of sequences
 * @param positions {@code [T]} in I32, the position of each token in its sequence; its count is the number of tokens
 */
public record Ragged(Tensor starts, Tensor slots, Tensor positions) {
  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public Ragged {
    Require require = new Require("ragged");
    require.type("slots", slots, DType.I32).rank("slots", slots, 1).rowsContiguous("slots", slots);
    require.type("starts", starts, DType.I32).shape("starts", starts, slots.size(0) + 1).rowsContiguous("starts", starts);
    require.type("positions", positions, DType.I32).rank("positions", positions, 1).rowsContiguous("positions", positions);
  }

  List<Operator.Operand> operands() {
    return List.of(Operator.Operand.in("starts", starts), Operator.Operand.in("slots", slots), Operator.Operand.in("positions", positions));
  }

  Ragged with(UnaryOperator<Tensor> replace) {
    return new Ragged(replace.apply(starts), replace.apply(slots), replace.apply(positions));
  }
}
