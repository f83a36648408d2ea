package dev.gatun.cpu.matmul;

import dev.gatun.DType;
import java.util.Optional;

/** The choice of kernel where the Vector API is present; loaded only then. */
final class VectorKernels {
  private VectorKernels() {}

  static MatmulKernel of(DType type) {
    boolean sliced = type == DType.F8_E4M3 || type == DType.F8_E5M2;
    MatmulKernel many = sliced ? new PanelKernel(type, VectorDecoders.of(type), new VectorDots())
        : new ColumnKernel(type, VectorDecoders.of(type));
    Optional<MatmulKernel> rounded = KRows.of(type, many);
    return rounded.isPresent() ? rounded.get() : VectorRows.of(type).<MatmulKernel>map(one -> new RowKernel(type, one, many)).orElse(many);
  }

  static Repack strips4() {
    return new Strips4(new Strips4Kernel());
  }
}
