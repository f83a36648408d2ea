package dev.gatun.decoder.model;

import dev.gatun.DType;
import dev.gatun.decoder.gguf.GgufType;
import java.util.Optional;

/**
 * What becomes of a tensor in a {@link QuantizedModel}.
 *
 * @param name its name in the file
 * @param shape outermost dimension first
 * @param from its type in the source
 * @param to its type in the result; the source's where it is kept
 * @param note why it has another type than was asked for, where it has
 */
public record QuantizedTensor(String name, long[] shape, GgufType from, DType to, Optional<String> note) {
  /** Whether its bytes are the source's. */
  public boolean isKept() {
    return from.dtype().equals(Optional.of(to));
  }

  long elements() {
    long elements = 1;
    for (long size : shape) {
      elements = Math.multiplyExact(elements, size);
    }
    return elements;
  }

  int columns() {
    return Math.toIntExact(shape[shape.length - 1]);
  }

  /** Bits that an element takes. */
  public double bitsPerWeight() {
    return 8.0 * to.blockBytes() / to.blockSize();
  }
}
