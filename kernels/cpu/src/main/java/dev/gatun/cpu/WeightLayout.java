package dev.gatun.cpu;

import dev.gatun.Tensor;
import dev.gatun.cpu.matmul.MatmulKernel;
import dev.gatun.cpu.matmul.Repack;
import dev.gatun.cpu.op.Lanes;
import java.util.Optional;

/** Which kernel reads a matmul weight as it lies. */
final class WeightLayout {
  /** The layout of a weight that a {@link Repack} has rewritten. */
  static final String STRIPS = "cpu_strips";

  private WeightLayout() {}

  /** The faster order for a plain weight, if there is one. */
  static Optional<Repack> repack(Tensor w, Lanes lanes) {
    return w.size(1) > Integer.MAX_VALUE ? Optional.empty() : Repack.of(w.dtype(), (int) w.size(1), form(lanes));
  }

  static boolean isKnown(Tensor w, Lanes lanes) {
    return w.isPlain() || w.layout().equals(STRIPS) && repack(w, lanes).isPresent();
  }

  static MatmulKernel kernel(Tensor w, Lanes lanes) {
    return w.isPlain() ? MatmulKernel.of(w.dtype(), form(lanes)) : repack(w, lanes).orElseThrow().kernel();
  }

  private static dev.gatun.cpu.matmul.Lanes form(Lanes lanes) {
    return dev.gatun.cpu.matmul.Lanes.valueOf(lanes.name());
  }
}
