package dev.gatun.decoder;

import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.Prepared;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.GgufTensor;
import java.util.Arrays;
import java.util.Optional;

/** Takes tensors out of a model file by name, checks their shapes, and makes them ready on a backend. */
final class Weights {
  private final Gguf gguf;
  private final Backend backend;
  private long fileBytes;
  private long preparedBytes;
  private long nanos;

  Weights(Gguf gguf, Backend backend) {
    this.gguf = gguf;
    this.backend = backend;
  }

  boolean has(String name) {
    return gguf.entries().stream().anyMatch(entry -> entry.name().equals(name));
  }

  /** A matrix of {@code rows} rows of {@code columns} elements. */
  Tensor matrix(String name, long rows, long columns, Use use) {
    return take(required(name), use, rows, columns);
  }

  /** A vector, as F32. */
  Tensor vector(String name, long size) {
    return take(required(name), Use.VECTOR, size);
  }

  Optional<Tensor> optionalVector(String name, long size) {
    return has(name) ? Optional.of(vector(name, size)) : Optional.empty();
  }

  private GgufTensor required(String name) {
    return gguf.tensor(name).orElseThrow(() -> new ModelException(gguf.file(), "tensor " + name + " is missing"));
  }

  private Tensor take(GgufTensor tensor, Use use, long... shape) {
    if (!Arrays.equals(tensor.shape(), shape)) {
      throw new ModelException(gguf.file(), "tensor " + tensor.name() + " has shape " + Arrays.toString(tensor.shape()) + ", the model's metadata wants "
          + Arrays.toString(shape));
    }
    if (tensor.dtype() == DType.I8 || tensor.dtype() == DType.I32) {
      throw new ModelException(gguf.file(), "tensor " + tensor.name() + " has type " + tensor.dtype() + ", which is no weight");
    }
    Prepared prepared = backend.prepare(Tensor.ofHost(tensor.data(), tensor.dtype(), shape), use);
    fileBytes += tensor.data().byteSize();
    preparedBytes += prepared.bytes();
    nanos += prepared.nanos();
    return prepared.tensor();
  }

  /** Bytes of the tensors taken, as the file holds them. */
  long fileBytes() {
    return fileBytes;
  }

  /** Bytes of new memory that backends took to prepare them. */
  long preparedBytes() {
    return preparedBytes;
  }

  /** Time spent preparing. */
  long nanos() {
    return nanos;
  }
}
