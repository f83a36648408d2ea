package dev.gatun.tck.lab;

import dev.gatun.DType;
import dev.gatun.Operator;
import dev.gatun.Tensor;
import dev.gatun.tck.Measure;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Errors;
import dev.gatun.tck.oracle.Formats;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Oracle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** That outputs are the oracle's: what is not finite first, then the error against its bound, then each element by itself. */
final class Truth implements Expectation {
  /** An element may be this many times as far off as the bound lets the average be, in proportion to itself and to the average magnitude. */
  private static final double WORST = 10;

  /** What one operator writes of an output; a sample of a large output has many. */
  private record Piece(Tensor tensor, int rows, double[] expected) {}

  private record Output(String name, DType dtype, double[] expected, List<Piece> pieces) {
    double[] actual() {
      return joined(pieces, piece -> Elements.read(Host.buffers(), piece.tensor, piece.rows));
    }
  }

  private final List<? extends Operator> operators;
  private final Host host;
  private final Bound bound;
  private final List<Output> outputs;

  /** Asks the oracle now: an operator in place overwrites what it reads. */
  Truth(List<? extends Operator> operators, Host host, Bound bound) {
    this.operators = operators;
    this.host = host;
    this.bound = bound;
    Map<String, List<Piece>> pieces = new LinkedHashMap<>();
    for (Operator operator : operators) {
      Map<String, double[]> results = Oracle.compute(operator, host);
      for (Operator.Operand operand : operator.operands()) {
        if (operand.access() == Operator.Access.WRITE) {
          pieces.computeIfAbsent(operand.name(), _ -> new ArrayList<>()).add(piece(operand.tensor(), results.get(operand.name())));
        }
      }
    }
    this.outputs = pieces.entrySet().stream().map(e -> new Output(e.getKey(), e.getValue().getFirst().tensor.dtype(),
        joined(e.getValue(), Piece::expected), e.getValue())).toList();
  }

  @Override
  public Optional<Expectation> anew() {
    return Optional.of(new Truth(operators, host, bound));
  }

  /** Whether all of it follows the count of the rows; a sample of chosen rows does not. */
  boolean varies() {
    return operators.stream().allMatch(operator -> operator.writes().stream().allMatch(y -> y.count().isPresent()));
  }

  private static Piece piece(Tensor tensor, double[] exact) {
    long row = tensor.size(0) == 0 ? 0 : tensor.shape().with(0, 1).elements();
    int rows = row == 0 ? 0 : Math.toIntExact(exact.length / row);
    return new Piece(tensor, rows, tensor.dtype().isBlock() ? exact : Formats.rounded(tensor.dtype(), exact));
  }

  private static double[] joined(List<Piece> pieces, Function<Piece, double[]> values) {
    return pieces.size() == 1 ? values.apply(pieces.getFirst()) : pieces.stream().map(values).flatMapToDouble(Arrays::stream).toArray();
  }

  @Override
  public void verify(String form, Findings findings) {
    for (Output output : outputs) {
      near(form + ", ", output.name, output.dtype, bound, output.expected, output.actual(), findings);
    }
  }

  /** That {@code actual}, kept in {@code dtype}, is within {@code bound} of what is expected. @param where what messages begin with */
  static void near(String where, String name, DType dtype, Bound bound, double[] exact, double[] actual, Findings findings) {
    double[] expected = bound.anyNonFinite() ? anyNonFinite(exact, actual) : exact;
    Errors errors = Errors.between(expected, actual);
    findings.check("finite", errors.nonFinite() == 0, () -> where + name + ": " + errors.describe(expected, actual));
    if (bound.isExact()) {
      findings.measure(new Measure(name, errors.maxAbs(), 0, bound.reason()));
      findings.check("exact", errors.maxAbs() == 0, () -> where + name + ": " + errors.describe(expected, actual));
      return;
    }
    double step = Bounds.step(dtype);
    double allowed = bound.nmse() + step * step;
    findings.measure(new Measure(name, errors.nmse(), allowed, bound.reason()));
    findings.check("error", errors.nmse() <= allowed,
        () -> where + name + ": " + errors.describe(expected, actual) + "; allowed " + allowed + ": " + bound.reason());
    double rms = Math.sqrt(Arrays.stream(expected).filter(Double::isFinite).map(e -> e * e).average().orElse(0));
    for (int i = 0; i < expected.length; i++) {
      double e = expected[i];
      double a = actual[i];
      int at = i;
      findings.check("element", !Double.isFinite(e) || Math.abs(a - e) <= WORST * Math.sqrt(allowed) * (rms + Math.abs(e)),
          () -> where + name + ": " + "element " + at + ": expected " + e + ", got " + a + ", though the average error is within its bound");
    }
  }

  /** What is expected, with the value that is there wherever neither is finite. */
  private static double[] anyNonFinite(double[] expected, double[] actual) {
    double[] lenient = expected.clone();
    for (int i = 0; i < lenient.length; i++) {
      if (!Double.isFinite(lenient[i]) && !Double.isFinite(actual[i])) {
        lenient[i] = actual[i];
      }
    }
    return lenient;
  }
}
