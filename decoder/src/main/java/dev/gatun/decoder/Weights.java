package dev.gatun.decoder;

import dev.gatun.Backend;
import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.Prepared;
import dev.gatun.Shape;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.GgufEntry;
import dev.gatun.decoder.gguf.GgufTensor;
import dev.gatun.decoder.gguf.TensorSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Takes tensors out of a model file by name, checks their shapes, and makes them ready on a backend. It owns the memory of those that the backend
 * keeps in a layout of its own.
 */
final class Weights implements AutoCloseable {
  private final Gguf gguf;
  private final Optional<Backend> backend;
  private final Set<String> names;
  private final Set<String> taken = new HashSet<>();
  private final List<Buffer> owned = new ArrayList<>();
  private long fileBytes;
  private long preparedBytes;
  private long nanos;

  private Weights(Gguf gguf, Optional<Backend> backend) {
    this.gguf = gguf;
    this.backend = backend;
    this.names = gguf.entries().stream().map(GgufEntry::name).collect(Collectors.toSet());
  }

  /** Weights for {@code backend}. */
  static Weights on(Backend backend, Gguf gguf) {
    return new Weights(gguf, Optional.of(backend));
  }

  /** Weights that are checked and left in the file, unread. */
  static Weights described(Gguf gguf) {
    return new Weights(gguf, Optional.empty());
  }

  boolean has(String name) {
    return names.contains(name);
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

  /**
   * A graph that leaves out a tensor of the file would compute something other than the model.
   *
   * @throws ModelException naming the first tensor in the file that was not taken
   */
  void checkAllTaken(String family) {
    for (GgufEntry entry : gguf.entries()) {
      if (!taken.contains(entry.name())) {
        throw new ModelException(gguf.file(), "tensor " + entry.name() + " is not served in family " + family);
      }
    }
  }

  private GgufTensor required(String name) {
    return (backend.isPresent() ? gguf.tensor(name) : gguf.described(name)).orElseThrow(() -> new ModelException(gguf.file(), "tensor " + name + " is missing"));
  }

  private Tensor take(GgufTensor tensor, Use use, long... shape) {
    if (!Arrays.equals(tensor.shape(), shape)) {
      throw new ModelException(gguf.file(), "tensor " + tensor.name() + " has shape " + Arrays.toString(tensor.shape()) + ", the model's metadata wants "
          + Arrays.toString(shape));
    }
    if (tensor.dtype() == DType.I8 || tensor.dtype() == DType.I32) {
      throw new ModelException(gguf.file(), "tensor " + tensor.name() + " has type " + tensor.dtype() + ", which is no weight");
    }
    taken.add(tensor.name());
    Optional<TensorSource> source = gguf.source(tensor.name());
    if (backend.isEmpty()) {
      return Tensor.of(new Storage.Nowhere(bytes(tensor)), 0, tensor.dtype(), Shape.of(shape));
    }
    Tensor plain = source.map(bytes -> MadeWeights.make(backend.get(), gguf.file(), tensor, bytes))
        .orElseGet(() -> Tensor.ofHost(tensor.data(), tensor.dtype(), shape));
    Prepared prepared = prepare(plain, use, source.isPresent());
    fileBytes += bytes(tensor);
    preparedBytes += prepared.bytes();
    nanos += prepared.nanos();
    return prepared.tensor();
  }

  private static long bytes(GgufTensor tensor) {
    return tensor.dtype().bytes(Shape.of(tensor.shape()).elements());
  }

  /** @param made whether {@code plain} is in memory of this object's own */
  private Prepared prepare(Tensor plain, Use use, boolean made) {
    Prepared prepared;
    try {
      prepared = backend.orElseThrow().prepare(plain, use);
    } catch (RuntimeException | Error e) {
      if (made) {
        plain.buffer().close();
      }
      throw e;
    }
    if (!prepared.inPlace()) {
      owned.add(prepared.tensor().buffer());
      if (made) {
        plain.buffer().close();
      }
    } else if (made) {
      owned.add(plain.buffer());
      preparedBytes += plain.buffer().bytes();
    }
    return prepared;
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

  /** Frees what preparing took; a second call does nothing. */
  @Override
  public void close() {
    owned.forEach(Buffer::close);
    owned.clear();
  }
}
