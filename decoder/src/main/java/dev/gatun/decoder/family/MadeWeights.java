package dev.gatun.decoder.family;

import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.Shape;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.decoder.ModelException;
import dev.gatun.decoder.gguf.GgufTensor;
import dev.gatun.decoder.gguf.TensorSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Weights of a model that is in no file, made in the memory of the device: the first rows come from their source, some megabytes of them, and are repeated by copies
 * within the device. Gigabytes take a moment, and no disk. The product of such a weight has rows that repeat; what a product costs is the same.
 */
final class MadeWeights {
  private static final long SOURCE_BYTES = 4 << 20;

  private MadeWeights() {}

  /** A tensor in a buffer of its own. @throws ModelException naming {@code model} if the source fails */
  static Tensor make(Backend backend, Path model, GgufTensor described, TensorSource source) {
    Tensor tensor = backend.allocate(described.dtype(), described.shape());
    try (Stream stream = backend.newStream(); Arena arena = Arena.ofConfined()) {
      long rowBytes = described.dtype().bytes(tensor.size(-1 + described.shape().length));
      long bytes = tensor.bytes();
      long first = Math.min(bytes, Math.max(1, SOURCE_BYTES / rowBytes) * rowBytes);
      MemorySegment rows = arena.allocate(first, Long.BYTES);
      source.fill(0, rows);
      stream.copy(Tensor.ofHost(rows, DType.I8, first), raw(tensor, 0, first));
      for (long done = first; done < bytes; ) {
        long more = Math.min(done, bytes - done);
        stream.copy(raw(tensor, 0, more), raw(tensor, done, more));
        done += more;
      }
      stream.synchronize();
      return tensor;
    } catch (IOException e) {
      tensor.buffer().close();
      throw new ModelException(model, "tensor " + described.name() + " can't be made: " + e.getMessage());
    } catch (RuntimeException | Error e) {
      tensor.buffer().close();
      throw e;
    }
  }

  private static Tensor raw(Tensor tensor, long offset, long bytes) {
    return Tensor.of(tensor.storage(), offset, DType.I8, Shape.of(bytes));
  }
}
