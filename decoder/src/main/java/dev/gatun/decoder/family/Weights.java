package dev.gatun.decoder.family;

import dev.gatun.Backend;
import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.Prepared;
import dev.gatun.Shape;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.decoder.ModelException;
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
public final class Weights implements AutoCloseable {
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
  public static Weights on(Backend backend, Gguf gguf) {
    return new Weights(gguf, Optional.of(backend));
  }

  /** Weights that are checked and left in the file, unread. */
  public static Weights described(Gguf gguf) {
    return new Weights(gguf, Optional.empty());
  }

  boolean has(String name) {
    return names.contains(name);
  }

  /** Whether a tensor of some block has one of these names. */
  boolean anyBlockHas(List<String> tensors) {
    return names.stream().anyMatch(name -> name.startsWith("blk.") && tensors.contains(name.replaceFirst("blk\\.\\d+\\.", "")));
  }

  /** A matrix of {@code rows} rows of {@code columns} elements. */
  Tensor matrix(String name, long rows, long columns, Use use) {
    return matrixPart(name, rows, 0, rows, columns, use);
  }

  /** The rows {@code from} to {@code to}, exclusive, of a matrix of {@code rows} rows, as a matrix of their own. */
  Tensor matrixPart(String name, long rows, long from, long to, long columns, Use use) {
    return take(required(name), use, from, to, rows, columns);
  }

  /** The matrices of {@code count} experts. */
  Tensor experts(String name, long count, long rows, long columns) {
    return take(required(name), Use.MATMUL, 0, count, count, rows, columns);
  }

  /** A matrix of one row, which the file holds as a vector. */
  Tensor row(String name, long columns) {
    return take(reshaped(checked(required(name), columns), 1, columns), Use.MATMUL, 0, 1, 1, columns);
  }

  /** A matrix as that of one expert. */
  Tensor oneExpert(String name, long rows, long columns) {
    return take(reshaped(checked(required(name), rows, columns), 1, rows, columns), Use.MATMUL, 0, 1, 1, rows, columns);
  }

  /** What latent attention makes keys and values by. */
  Tensor latent(String name, long... shape) {
    return take(required(name), Use.MLA, 0, shape[0], shape);
  }

  private static GgufTensor reshaped(GgufTensor tensor, long... shape) {
    return new GgufTensor(tensor.name(), tensor.dtype(), shape, tensor.data());
  }

  /** A vector, as F32. */
  Tensor vector(String name, long size) {
    return vectorPart(name, size, 0, size);
  }

  /** The elements {@code from} to {@code to}, exclusive, of a vector of {@code size}. */
  Tensor vectorPart(String name, long size, long from, long to) {
    return take(required(name), Use.VECTOR, from, to, size);
  }

  Optional<Tensor> optionalVector(String name, long size) {
    return has(name) ? Optional.of(vector(name, size)) : Optional.empty();
  }

  /** Checks a tensor that this graph has no use for, though the family knows it. */
  void leaveOut(String name, long... shape) {
    checked(required(name), shape);
  }

  /**
   * A graph that leaves out a tensor of the file would compute something other than the model.
   *
   * @throws ModelException naming the first tensor in the file that was not taken
   */
  void checkAllTaken(String family) {
    for (GgufEntry entry : gguf.entries()) {
      if (!taken.contains(entry.name())) {
        throw fault("tensor " + entry.name() + " is not served in family " + family);
      }
    }
  }

  ModelException fault(String cause) {
    return new ModelException(gguf.file(), cause);
  }

  /** @throws ModelException if the file lacks it */
  void demand(String name) {
    if (!has(name)) {
      throw fault("tensor " + name + " is missing");
    }
  }

  private GgufTensor required(String name) {
    demand(name);
    return (backend.isPresent() ? gguf.tensor(name) : gguf.described(name)).orElseThrow();
  }

  private GgufTensor checked(GgufTensor tensor, long... shape) {
    if (!Arrays.equals(squeezed(tensor.shape()), squeezed(shape))) {
      throw fault("tensor " + tensor.name() + " has shape " + Arrays.toString(tensor.shape()) + ", the model's metadata wants " + Arrays.toString(shape));
    }
    if (tensor.dtype() == DType.I8 || tensor.dtype() == DType.I32) {
      throw fault("tensor " + tensor.name() + " has type " + tensor.dtype() + ", which is no weight");
    }
    taken.add(tensor.name());
    return reshaped(tensor, shape);
  }

  /** Without outer dimensions of 1, which the format lets writers leave out. */
  private static long[] squeezed(long[] shape) {
    return Arrays.stream(shape).dropWhile(size -> size == 1).toArray();
  }

  /** Takes the indices {@code from} to {@code to} of the first dimension. */
  private Tensor take(GgufTensor given, Use use, long from, long to, long... shape) {
    GgufTensor whole = checked(given, shape);
    GgufTensor tensor = from == 0 && to == shape[0] ? whole : part(whole, from, to);
    Optional<TensorSource> source = gguf.source(whole.name()).map(bytes -> startingAt(bytes, offset(whole, from)));
    if (backend.isEmpty()) {
      return Tensor.of(new Storage.Nowhere(bytes(tensor)), 0, tensor.dtype(), Shape.of(tensor.shape()));
    }
    Tensor plain = source.map(bytes -> MadeWeights.make(backend.get(), gguf.file(), tensor, bytes))
        .orElseGet(() -> Tensor.ofHost(tensor.data(), tensor.dtype(), tensor.shape()));
    Prepared prepared = prepare(plain, use, source.isPresent());
    fileBytes += bytes(tensor);
    preparedBytes += prepared.bytes();
    nanos += prepared.nanos();
    return prepared.tensor();
  }

  private GgufTensor part(GgufTensor whole, long from, long to) {
    if (whole.shape().length == 1 && (from % whole.dtype().blockSize() != 0 || to % whole.dtype().blockSize() != 0)) {
      throw fault("tensor " + whole.name() + " of type " + whole.dtype() + " is cut within a block; such a vector should be F32");
    }
    long[] shape = whole.shape().clone();
    shape[0] = to - from;
    long start = offset(whole, from);
    // A tensor that is in no file has no bytes.
    return new GgufTensor(whole.name(), whole.dtype(), shape,
        whole.data().byteSize() == 0 ? whole.data() : whole.data().asSlice(start, offset(whole, to) - start));
  }

  /** Bytes before an index of the first dimension. */
  private static long offset(GgufTensor tensor, long index) {
    return tensor.dtype().bytes(Shape.of(tensor.shape()).elements() / tensor.shape()[0] * index);
  }

  private static TensorSource startingAt(TensorSource whole, long start) {
    return start == 0 ? whole : (offset, chunk) -> whole.fill(start + offset, chunk);
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
  public long preparedBytes() {
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
