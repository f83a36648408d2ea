package dev.gatun.cpu;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.Tensor;
import dev.gatun.cpu.library.NativeKernels;
import dev.gatun.cpu.matmul.MatmulKernel;
import dev.gatun.cpu.matmul.Repack;
import dev.gatun.cpu.op.Lanes;
import dev.gatun.cpu.op.RowMath;
import dev.gatun.cpu.op.WeightProducts;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which kernel reads a matmul weight as it lies: one in C where there is one, else one in Java.
 *
 * @param lanes the form of the kernels in Java
 * @param natives the kernels in C
 * @param rounding whether activations may be rounded to 16 bits beside weights of 16: to BF16 beside BF16 where the processor multiplies it, and else up
 *     to {@value #FEW} rows to F16
 */
record WeightLayout(Lanes lanes, NativeKernels natives, boolean rounding) {
  /** The rows of a step that decodes or checks guesses, all of which must round alike. */
  private static final int FEW = 8;

  /** The layout of a weight that a {@link Repack} has rewritten. */
  static final String STRIPS = "cpu_strips";

  /** The loops over rows. */
  RowMath math() {
    return natives.rows(RowMath.of(lanes));
  }

  /** What a kernel's name says of its weight. */
  static String label(Tensor w) {
    return w.dtype().label() + (w.isPlain() ? "" : "_" + w.layout());
  }

  /** How the name of a product's kernel ends. */
  String form(Matmul matmul) {
    return form(matmul.w(), matmul.x().size(0));
  }

  /** The same, of a product of so many rows of activations. */
  String form(Tensor w, long rows) {
    return rounded(w, rows).isPresent() ? natives.level().orElseThrow().label() + "_rounded" : form(w);
  }

  private String form(Tensor w) {
    return inC(w).flatMap(kernel -> natives.level()).map(level -> level.label()).orElse(lanes.label());
  }

  /** The ways not taken to read a weight, with the reasons. */
  List<String> rejected(Tensor w) {
    if (inC(w).isPresent()) {
      return List.of(lanes.label() + ": a kernel in C reads " + w.dtype() + "; the option native=off leaves it out");
    }
    List<String> reasons = new ArrayList<>();
    reasons.add("native: " + (w.isPlain() ? natives.reason(w.dtype()) : "the weight was reordered for the Vector API"));
    if (lanes == Lanes.SCALAR) {
      reasons.add("vector: the module jdk.incubator.vector is not there, or the option vector is off");
    } else if (w.isPlain()) {
      reasons.add(w.dtype() != DType.Q4_0 ? STRIPS + ": there is such an order for Q4_0 only"
          : strips(w).isEmpty() ? STRIPS + ": rows of " + w.size(-1) + " elements are no multiple of 512"
          : STRIPS + ": the weight was not prepared for matmul");
    } else {
      reasons.add("in place: reading blocks one after the other took twice as long for one activation row");
    }
    return reasons;
  }

  /** The faster order for a plain weight, if there is one; a kernel in C wants none. */
  Optional<Repack> repack(Tensor w) {
    return inC(w).isPresent() ? Optional.empty() : strips(w);
  }

  boolean isKnown(Tensor w) {
    return w.isPlain() || w.layout().equals(STRIPS) && strips(w).isPresent();
  }

  MatmulKernel kernel(Matmul matmul) {
    return kernel(matmul.w(), matmul.x().size(0));
  }

  MatmulKernel kernel(Tensor w, long rows) {
    return rounded(w, rows).orElseGet(() -> kernel(w));
  }

  /** Products with a plain weight of a type, where a kernel reads it in place. */
  Optional<WeightProducts> products(DType type) {
    return natives.kernel(type).or(() -> MatmulKernel.takes(type) ? Optional.of(MatmulKernel.of(type, lanes)) : Optional.empty()).map(KernelProducts::new);
  }

  /** The kernel that rounds activations, which a quantized weight's does anyway. */
  private Optional<MatmulKernel> rounded(Tensor w, long rows) {
    if (!rounding || !w.isPlain()) {
      return Optional.empty();
    }
    Optional<MatmulKernel> both = natives.rounding(w.dtype());
    return both.isEmpty() && rows <= FEW ? natives.halving(w.dtype()) : both;
  }

  private MatmulKernel kernel(Tensor w) {
    return w.isPlain() ? inC(w).orElseGet(() -> MatmulKernel.of(w.dtype(), lanes)) : strips(w).orElseThrow().kernel();
  }

  private Optional<MatmulKernel> inC(Tensor w) {
    return w.isPlain() ? natives.kernel(w.dtype()) : Optional.empty();
  }

  private Optional<Repack> strips(Tensor w) {
    return w.size(-1) > Integer.MAX_VALUE ? Optional.empty() : Repack.of(w.dtype(), (int) w.size(-1), lanes);
  }
}
