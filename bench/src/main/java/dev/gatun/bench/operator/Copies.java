package dev.gatun.bench.operator;

import dev.gatun.DType;
import dev.gatun.Operator;
import dev.gatun.Tensor;
import dev.gatun.bench.NotRunException;
import dev.gatun.decoder.cli.bench.Lab;
import dev.gatun.decoder.cli.bench.MatmulCases;
import dev.gatun.decoder.cli.bench.Trial;
import dev.gatun.spi.Plan;
import dev.gatun.spi.Unsupported;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Nmse;
import dev.gatun.tck.oracle.Oracle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** Copies of an operator in memory of their own, as many as it takes to leave the caches. */
final class Copies {
  /** Of results that may be in BF16. */
  static final double BOUND = 1e-4;

  /** Where another rounding of a tie gives another quant. */
  static final double QUANT_BOUND = 1e-2;

  private static final int SAMPLED_ROWS = 8;

  private Copies() {}

  /** @param error looks at the answer of an operator */
  static Trial of(Lab lab, Supplier<? extends Operator> make, double bound, ToDoubleFunction<Operator> error) {
    List<Operator> copies = new ArrayList<>(List.of(make.get()));
    long bytes = switch (lab.backend().plan(copies.getFirst())) {
      case Plan plan -> plan.bytes();
      case Unsupported unsupported -> throw new NotRunException(lab.backend().name() + " does not serve " + copies.getFirst().toCase() + ": "
          + unsupported.reason());
    };
    for (int more = lab.copies(bytes); more > 1; more--) {
      copies.add(make.get());
    }
    return new Trial(copies, index -> error.applyAsDouble(copies.get(index)), bound);
  }

  /** Of an operator that works on each row by itself: what has several dimensions or holds numbers of rows has a row for each row. */
  static Trial ofRows(Lab lab, Supplier<? extends Operator> make, double bound) {
    return of(lab, make, bound, operator -> {
      int[] rows = MatmulCases.sample(Math.toIntExact(operator.operands().getFirst().tensor().size(0)), SAMPLED_ROWS);
      return error(operator.with(tensor -> tensor.shape().rank() > 1 || tensor.dtype() == DType.I32 ? lab.onHost(tensor, rows) : lab.onHost(tensor)));
    });
  }

  /** The largest error of the outputs of an operator in the host's memory; indices are right or they are not. */
  static double error(Operator onHost) {
    Map<String, double[]> expected = Oracle.compute(onHost, Host.buffers());
    double worst = 0;
    for (Operator.Operand operand : onHost.operands()) {
      if (operand.access() == Operator.Access.WRITE) {
        worst = Math.max(worst, error(expected.get(operand.name()), operand.tensor()));
      }
    }
    return worst;
  }

  private static double error(double[] expected, Tensor found) {
    double[] values = Elements.all(Host.buffers(), found);
    if (found.dtype() == DType.I32) {
      return Arrays.equals(expected, values) ? 0 : Double.POSITIVE_INFINITY;
    }
    return Nmse.of(expected, values);
  }
}
