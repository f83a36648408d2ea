package dev.gatun.decoder.family;

import dev.gatun.Rotation;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.decoder.Dimensions;
import java.util.Optional;

/**
 * The tensors of one block, {@code blk.<index>.<name>}.
 *
 * @param weights those of the file
 * @param index the block's place
 * @param sizes the model's
 * @param norms the family's kind of norm
 * @param factors frequency factors of the rotation, which all blocks share
 */
record BlockWeights(Weights weights, int index, Dimensions sizes, Norm.Kind norms, Optional<Tensor> factors) {
  String name(String tensor) {
    return "blk." + index + "." + tensor;
  }

  boolean has(String tensor) {
    return weights.has(name(tensor));
  }

  /** @throws dev.gatun.decoder.ModelException if the file lacks it */
  void demand(String tensor) {
    weights.demand(name(tensor));
  }

  /** A norm of the residual stream. */
  Norm norm(String name) {
    return norm(name, sizes.embedding());
  }

  Norm norm(String name, int size) {
    return Norm.load(weights, norms, name(name), size, sizes.eps());
  }

  /** {@code name.weight} of {@code rows} rows, and {@code name.bias} where the file has it. */
  Linear linear(String name, int rows, int columns) {
    return linearPart(name, rows, 0, rows, columns);
  }

  /** The rows {@code from} to {@code to}, exclusive, of a matrix of {@code rows} rows, and their part of its bias. */
  Linear linearPart(String name, int rows, int from, int to, int columns) {
    String bias = name(name + ".bias");
    return new Linear(weights.matrixPart(name(name + ".weight"), rows, from, to, columns, Use.MATMUL),
        weights.has(bias) ? Optional.of(weights.vectorPart(bias, rows, from, to)) : Optional.empty());
  }

  Optional<Tensor> optionalVector(String name, int size) {
    return weights.optionalVector(name(name), size);
  }

  /** The matrices of {@code count} experts. */
  Tensor experts(String name, int count, int rows, int columns) {
    return weights.experts(name(name), count, rows, columns);
  }

  /** A matrix as that of one expert. */
  Tensor oneExpert(String name, int rows, int columns) {
    return weights.oneExpert(name(name), rows, columns);
  }

  /** A matrix of one row, which the file holds as a vector. */
  Tensor row(String name, int columns) {
    return weights.row(name(name), columns);
  }

  /** A weight of latent attention. */
  Tensor latent(String name, long... shape) {
    return weights.latent(name(name), shape);
  }

  /** Checks a tensor that this graph has no use for, though the family knows it. */
  void leaveOut(String name, long... shape) {
    weights.leaveOut(name(name), shape);
  }

  Rotary rotary(Rotation rotation) {
    return new Rotary(rotation, factors);
  }

  /** The rotation of all blocks. */
  Optional<Rotary> rotary() {
    return sizes.rotation().map(this::rotary);
  }
}
