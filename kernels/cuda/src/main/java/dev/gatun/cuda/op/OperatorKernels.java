package dev.gatun.cuda.op;

import dev.gatun.Operator;
import dev.gatun.RmsNorm;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import java.util.Optional;

/** Every operator's form on CUDA devices. */
public final class OperatorKernels {
  private static final RmsNormKernel RMS_NORM = new RmsNormKernel();

  private OperatorKernels() {}

  /** The decision about an operator. */
  public static Decision plan(Operator operator, Gpu gpu) {
    return form(operator).map(form -> form.plan(operator, gpu)).orElseGet(() -> new Unsupported("no kernel of the CUDA backend computes " + operator.name()));
  }

  /** Adds the launches of an operator that has a plan. */
  public static void bind(Operator operator, CudaPlan plan, Binding binding) {
    form(operator).orElseThrow().bind(operator, plan, binding);
  }

  /** The form made for exactly this operator's type. */
  private static Optional<OperatorKernel<Operator>> form(Operator operator) {
    return switch (operator) {
      case RmsNorm _ -> Optional.of(of(RMS_NORM));
      default -> Optional.empty();
    };
  }

  @SuppressWarnings("unchecked")
  private static OperatorKernel<Operator> of(OperatorKernel<? extends Operator> form) {
    return (OperatorKernel<Operator>) form;
  }
}
