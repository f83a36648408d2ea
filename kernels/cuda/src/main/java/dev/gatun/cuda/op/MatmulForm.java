package dev.gatun.cuda.op;

import dev.gatun.Matmul;
import dev.gatun.cuda.kernel.Gpu;
import java.util.List;
import java.util.Optional;

/** A way to do a matmul: some kernels, which cases they take and how they are launched. Decisions depend on bounds, never on actual counts. */
interface MatmulForm {
  /** Why this form does not do a case, beginning with the kernel that would; empty if it does. */
  Optional<String> refusal(Matmul o, Gpu gpu);

  /** What runs a case that is not refused. @param rejected the reasons against the forms before this one, to which this adds its own */
  CudaPlan plan(Matmul o, Gpu gpu, List<String> rejected);

  /** Whether a kernel is one of this form's. */
  boolean runs(String kernel);

  /** Adds the launches of a plan that this form made. */
  void bind(Matmul o, CudaPlan plan, Binding binding);
}
