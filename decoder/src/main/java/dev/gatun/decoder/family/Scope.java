package dev.gatun.decoder.family;

import dev.gatun.DType;
import dev.gatun.KvCache;
import dev.gatun.Program;
import dev.gatun.Tensor;

/**
 * A block within a program: declares its temporaries, one row for each token. Every temporary is written once, so that a backend sees the dataflow as it is.
 *
 * @param program where operators go
 * @param inputs the step's
 * @param tokens the most tokens
 * @param cache keys and values
 * @param layer the block's place
 * @param activations the type of what only matmuls and attention read
 */
record Scope(Program.Builder program, TokenInputs inputs, int tokens, KvCache cache, int layer, DType activations) {
  Tensor rows(String name, int width) {
    return declare(name, DType.F32, tokens, width);
  }

  /** Of what only matmuls and attention read. */
  Tensor narrow(String name, int width) {
    return declare(name, activations, tokens, width);
  }

  Tensor like(String name, DType type, Tensor tensor) {
    return declare(name, type, tensor.shape().sizes());
  }

  Tensor declare(String name, DType type, long... shape) {
    return inputs.perToken(program.temporary(name + "." + layer, type, shape));
  }

  /** The type of queries: they are rounded only where keys are. */
  DType queries() {
    return cache.spec().dtype() == DType.F32 ? DType.F32 : activations;
  }
}
