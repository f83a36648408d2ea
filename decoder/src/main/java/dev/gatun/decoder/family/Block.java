package dev.gatun.decoder.family;

import dev.gatun.Add;
import dev.gatun.Scale;
import dev.gatun.Tensor;
import java.util.Optional;

/**
 * A transformer block: attention and a feed-forward unit, each with norms before or after it, each added to the residual stream.
 *
 * @param attention the first part
 * @param feed the second part
 */
record Block(Place attention, Place feed) {
  /**
   * A part and the norms round it: {@code x + residual · after(part(before(x)))}.
   *
   * @param before of what the part reads
   * @param after of what it gives
   */
  record Place(Optional<Norm> before, Part part, Optional<Norm> after) {
    private Tensor append(Scope scope, String name, Tensor x, float residual) {
      Tensor read = x;
      if (before.isPresent()) {
        read = scope.narrow(name + "_norm", Math.toIntExact(x.size(1)));
        before.get().append(scope.program(), x, read);
      }
      Tensor given = part.append(scope, read);
      if (after.isPresent()) {
        Tensor normed = scope.like(name + "_post_norm", given.dtype(), given);
        after.get().append(scope.program(), given, normed);
        given = normed;
      }
      if (residual != 1) {
        Tensor scaled = scope.like(name + "_scaled", given.dtype(), given);
        scope.program().add(new Scale(given, residual, scaled));
        given = scaled;
      }
      Tensor sum = scope.like(name + "_residual", x.dtype(), x);
      scope.program().add(new Add(x, given, sum));
      return sum;
    }
  }

  /** With norms before both parts. */
  static Block normedBefore(BlockWeights at, Part attention, Part feed) {
    return new Block(new Place(Optional.of(at.norm("attn_norm")), attention, Optional.empty()),
        new Place(Optional.of(at.norm("ffn_norm")), feed, Optional.empty()));
  }

  /** With norms before and after both parts. */
  static Block normedAround(BlockWeights at, Part attention, Part feed) {
    return new Block(new Place(Optional.of(at.norm("attn_norm")), attention, Optional.of(at.norm("post_attention_norm"))),
        new Place(Optional.of(at.norm("ffn_norm")), feed, Optional.of(at.norm("post_ffw_norm"))));
  }

  /** With norms after both parts. */
  static Block normedAfter(BlockWeights at, Part attention, Part feed) {
    return new Block(new Place(Optional.empty(), attention, Optional.of(at.norm("post_attention_norm"))),
        new Place(Optional.empty(), feed, Optional.of(at.norm("post_ffw_norm"))));
  }

  Tensor append(Scope scope, Tensor x, float residual) {
    return feed.append(scope, "ffn", attention.append(scope, "attn", x, residual), residual);
  }
}
