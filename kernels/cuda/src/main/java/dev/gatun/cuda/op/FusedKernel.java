package dev.gatun.cuda.op;

import dev.gatun.cuda.kernel.Kernel;

/** How a kernel that streams weights does a group of matmuls and what is fused with them. */
interface FusedKernel {
  /** The instance. */
  Kernel kernel();

  /** The tile in words. */
  String tile();

  /** Scratch memory. */
  default long workspaceBytes() {
    return 0;
  }

  /** Adds the launches. */
  void launch(FusedMatmuls fused, Binding binding);
}
