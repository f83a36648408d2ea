package dev.gatun;

import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is left of an operator when addresses are taken away: its name, the dtypes, sizes and strides of its tensors, its flags. Plans, validation,
 * benchmarks, the support matrix and error messages all speak of cases. Two cases are equal when their {@link #line()} is.
 */
public final class Case {
  private final Operator operator;
  /** Written down when first asked for: compiling a program asks for none. */
  private volatile Optional<String> line = Optional.empty();

  Case(Operator operator) {
    this.operator = operator;
  }

  /** The operator over tensors without addresses; match on its type to read sizes and flags. */
  public Operator operator() {
    return operator;
  }

  /** The stable one-line name, for example {@code matmul(x=f32[1,4096], w=q4_0[4096,4096], y=f32[1,4096])}. */
  public String line() {
    return line.orElseGet(() -> {
      String written = Stream.concat(
              operator.operands().stream().map(o -> o.name() + "=" + o.tensor()),
              operator.flags().stream().map(f -> f.name() + "=" + f.value()))
          .collect(Collectors.joining(", ", operator.name() + "(", ")"));
      line = Optional.of(written);
      return written;
    });
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Case that && line().equals(that.line());
  }

  @Override
  public int hashCode() {
    return line().hashCode();
  }

  @Override
  public String toString() {
    return line();
  }
}
