package dev.gatun.cpu;

import dev.gatun.DType;
import dev.gatun.Tensor;
import dev.gatun.cpu.matmul.MatmulKernel;
import dev.gatun.cpu.matmul.Repack;
import dev.gatun.cpu.op.Lanes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Which kernel reads a matmul weight as it lies. */
final class WeightLayout {
  /** The layout of a weight that a {@link Repack} has rewritten. */
  static final String STRIPS = "cpu_strips";

  private WeightLayout() {}

  /** What a kernel's name says of its weight. */
  static String label(Tensor w) {
    return w.dtype().label() + (w.isPlain() ? "" : "_" + w.layout());
  }

  /** The ways not taken to read a weight, with the reasons. */
  static List<String> rejected(Tensor w, Lanes lanes) {
    List<String> reasons = new ArrayList<>();
    if (lanes == Lanes.SCALAR) {
      reasons.add("vector: the module jdk.incubator.vector is not there, or the option vector is off");
    } else if (w.isPlain()) {
      reasons.add(w.dtype() != DType.Q4_0 ? STRIPS + ": there is such an order for Q4_0 only"
          : repack(w, lanes).isEmpty() ? STRIPS + ": rows of " + w.size(1) + " elements are no multiple of 512"
          : STRIPS + ": the weight was not prepared for matmul");
    } else {
      reasons.add("in place: reading blocks one after the other took twice as long for one activation row");
    }
    return reasons;
  }

  /** The faster order for a plain weight, if there is one. */
  static Optional<Repack> repack(Tensor w, Lanes lanes) {
    return w.size(1) > Integer.MAX_VALUE ? Optional.empty() : Repack.of(w.dtype(), (int) w.size(1), lanes);
  }

  static boolean isKnown(Tensor w, Lanes lanes) {
    return w.isPlain() || w.layout().equals(STRIPS) && repack(w, lanes).isPresent();
  }

  static MatmulKernel kernel(Tensor w, Lanes lanes) {
    return w.isPlain() ? MatmulKernel.of(w.dtype(), lanes) : repack(w, lanes).orElseThrow().kernel();
  }
}
