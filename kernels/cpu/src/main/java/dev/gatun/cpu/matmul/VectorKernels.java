package dev.gatun.cpu.matmul;

import dev.gatun.DType;

/** The choice of kernel where the Vector API is present; loaded only then. */
final class VectorKernels {
  private VectorKernels() {}

  static MatmulKernel of(DType type) {
    MatmulKernel many = new PanelKernel(type, VectorDecoders.of(type), new VectorDots());
    return VectorRows.of(type).<MatmulKernel>map(one -> new RowKernel(type, one, many)).orElse(many);
  }

  static Repack strips4() {
    return new Strips4(new Strips4Kernel());
  }
}
