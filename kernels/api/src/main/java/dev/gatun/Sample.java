package dev.gatun;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Draws one id from each row of logits. With temperature 0 it is the {@link Argmax}; a negative or
 * NaN temperature counts as 0. Otherwise {@code p = softmax(x / temperature)}, ordered from the
 * largest down, the lower id first in a tie; of these stay the first {@code top_k} (0 for all), of these the shortest prefix whose share of
 * what is left is at least {@code top_p} (1 for all), of these the ones with {@code p ≥ min_p · p(first)} (0 for all), and always the first. The
 * answer is the first id at which the running sum exceeds {@code u · sum}, where
 * {@code u = (w >>> 8) · 2⁻²⁴} and w is the first word of Philox4x32-10 (Salmon et al. 2011) with key (seed low, seed high) and counter
 * (position, sequence, 0, 0). A row with a NaN gives the index of its first NaN. A row whose largest logit is +∞, or whose logits are all
 * −∞, gives the first index of the largest, as with temperature 0. Exponentials and sums are those of float32, so that where u lies within their
 * rounding of an interval's end the neighbouring id may be drawn.
 *
 * @param x logits {@code [R, N]} in F32, rows contiguous
 * @param controls {@code [R, 4]} in F32: temperature, top_p, min_p, top_k
 * @param seeds {@code [R, 3]} in I32: seed low, seed high, sequence
 * @param positions {@code [R]} in I32: the position of the token drawn from
 * @param ids {@code [R]} in I32
 */
public record Sample(Tensor x, Tensor controls, Tensor seeds, Tensor positions, Tensor ids) implements Operator {
  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public Sample {
    Require require = new Require("sample");
    require.rank("x", x, 2).type("x", x, DType.F32).rowsContiguous("x", x);
    require.that(x.size(1) > 0, "x " + x + " has no elements to choose from");
    require.type("controls", controls, DType.F32).shape("controls", controls, x.size(0), 4).rowsContiguous("controls", controls);
    require.type("seeds", seeds, DType.I32).shape("seeds", seeds, x.size(0), 3).rowsContiguous("seeds", seeds);
    require.type("positions", positions, DType.I32).shape("positions", positions, x.size(0)).rowsContiguous("positions", positions);
    require.type("ids", ids, DType.I32).shape("ids", ids, x.size(0)).rowsContiguous("ids", ids);
    require.sameCount(x, controls, seeds, positions, ids);
  }

  @Override
  public String name() {
    return "sample";
  }

  @Override
  public List<Operand> operands() {
    return List.of(Operand.in("x", x), Operand.in("controls", controls), Operand.in("seeds", seeds), Operand.in("positions", positions),
        Operand.out("ids", ids));
  }

  @Override
  public Sample with(UnaryOperator<Tensor> replace) {
    return new Sample(replace.apply(x), replace.apply(controls), replace.apply(seeds), replace.apply(positions), replace.apply(ids));
  }
}
