package dev.gatun;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Lowers the logits of tokens already seen. For each id that occurs {@code c ≥ 1} times among the first {@code lengths[r]} entries of
 * {@code history[r]}: {@code l = x > 0 ? x / repetition : x · repetition}, then {@code y = l − c·frequency − presence}; other ids keep their
 * logit. Ids outside {@code [0, N)} are passed over. In place allowed.
 *
 * @param x logits {@code [R, N]} in F32, rows contiguous
 * @param history {@code [R, H]} in I32, rows contiguous
 * @param lengths {@code [R]} in I32, each clamped to {@code [0, H]}
 * @param penalties {@code [R, 3]} in F32: repetition (1 for none, positive), frequency (0 for none), presence (0 for none)
 * @param y the result, in the shape of x
 */
public record Penalize(Tensor x, Tensor history, Tensor lengths, Tensor penalties, Tensor y) implements Operator {
  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public Penalize {
    Require require = new Require("penalize");
    require.rank("x", x, 2).type("x", x, DType.F32).rowsContiguous("x", x).sameShape("y", y, "x", x).type("y", y, DType.F32);
    require.rowsContiguous("y", y).type("history", history, DType.I32).shape("history", history, x.size(0), -1);
    require.rowsContiguous("history", history).type("lengths", lengths, DType.I32).shape("lengths", lengths, x.size(0));
    require.type("penalties", penalties, DType.F32).shape("penalties", penalties, x.size(0), 3).rowsContiguous("penalties", penalties);
    require.sameCount(x, history, lengths, penalties, y);
  }

  @Override
  public String name() {
    return "penalize";
  }

  @Override
  public List<Operand> operands() {
    return List.of(Operand.in("x", x), Operand.in("history", history), Operand.in("lengths", lengths), Operand.in("penalties", penalties),
        Operand.out("y", y));
  }

  @Override
  public List<InPlace> inPlace() {
    return List.of(new InPlace("x", "y"));
  }

  @Override
  public Penalize with(UnaryOperator<Tensor> replace) {
    return new Penalize(replace.apply(x), replace.apply(history), replace.apply(lengths), replace.apply(penalties), replace.apply(y));
  }
}
