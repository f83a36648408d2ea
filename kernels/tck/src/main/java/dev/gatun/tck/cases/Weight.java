package dev.gatun.tck.cases;

import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.tck.lab.Calls;
import dev.gatun.tck.lab.Workbench;

/** Whether an operator reads a weight as the model's file has it or as the backend made it ready. */
enum Weight {
  /** As it lies in the file. */
  PLAIN,
  /** Made ready for this operator. */
  PREPARED,
  /** Made ready for {@link dev.gatun.Matmul} and {@link dev.gatun.Embedding} both. */
  TIED;

  /** What the operator is given in place of {@code weight}. */
  Tensor ready(Workbench bench, Tensor weight, Use use) {
    return switch (this) {
      case PLAIN -> weight;
      case PREPARED -> Calls.of(() -> bench.prepared(weight, use));
      case TIED -> Calls.of(() -> bench.prepared(weight, Use.MATMUL_AND_EMBEDDING));
    };
  }
}
