package dev.gatun;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Rotary position embedding: pair i of each head turns by {@code θ = position · f(i) / factors[i]}:
 * {@code y[a] = x[a]·cos θ − x[b]·sin θ}, {@code y[b] = x[a]·sin θ + x[b]·cos θ}, with the pairs (a, b), the frequencies f and the magnitude of the
 * {@link Rotation}. Angles are formed in float64 or better than 1e-6 of a turn. In place allowed.
 *
 * @param x {@code [T, H, D]}; F32, F16 or BF16, rows contiguous, D at least the rotation's dims
 * @param positions {@code [T]} in I32
 * @param factors {@code [dims/2]} in F32, if the model has frequency factors (Llama 3's {@code rope_freqs}, LongRoPE)
 * @param rotation pairs, frequencies, scaling
 * @param y the result, in the shape of x
 */
public record Rope(Tensor x, Tensor positions, Optional<Tensor> factors, Rotation rotation, Tensor y) implements Operator {
  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public Rope {
    Require require = new Require("rope");
    require.rank("x", x, 3).rows("x", x).rows("y", y).sameShape("y", y, "x", x).sameCount(x, positions, y);
    require.type("positions", positions, DType.I32).shape("positions", positions, x.size(0)).rowsContiguous("positions", positions);
    require.that(rotation.dims() <= x.size(2), "rotation of " + rotation.dims() + " elements does not fit heads of x " + x);
    factors.ifPresent(f -> require.type("factors", f, DType.F32).shape("factors", f, rotation.dims() / 2).rowsContiguous("factors", f));
  }

  @Override
  public String name() {
    return "rope";
  }

  @Override
  public List<Operand> operands() {
    List<Operand> list = new ArrayList<>(List.of(Operand.in("x", x), Operand.in("positions", positions)));
    factors.ifPresent(f -> list.add(Operand.in("factors", f)));
    list.add(Operand.out("y", y));
    return list;
  }

  @Override
  public List<Flag> flags() {
    return List.of(new Flag("pairs", rotation.pairs()), new Flag("dims", rotation.dims()), new Flag("base", rotation.base()),
        new Flag("scaling", rotation.scaling()), new Flag("magnitude", rotation.magnitude()));
  }

  @Override
  public List<InPlace> inPlace() {
    return List.of(new InPlace("x", "y"));
  }

  @Override
  public Rope with(UnaryOperator<Tensor> replace) {
    return new Rope(replace.apply(x), replace.apply(positions), factors.map(replace), rotation, replace.apply(y));
  }
}
