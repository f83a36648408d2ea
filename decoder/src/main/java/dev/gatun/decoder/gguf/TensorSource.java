package dev.gatun.decoder.gguf;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Makes a tensor's bytes piece by piece while {@link GgufWriter} writes them, so that no tensor has to be in memory as a whole. */
@FunctionalInterface
public interface TensorSource {
  /**
   * Fills all of {@code chunk}, a whole number of rows, with the tensor's bytes from {@code offset} on. The bytes must depend on the
   * offset alone: chunks come in any order, from several threads at once, and how a tensor is cut is the writer's choice.
   *
   * @param offset where the chunk starts, in bytes from the tensor's start
   * @throws IOException if the bytes can't be had; it fails the write
   */
  void fill(long offset, MemorySegment chunk) throws IOException;

  /** A tensor that is in memory already. */
  static TensorSource of(MemorySegment data) {
    return (offset, chunk) -> chunk.copyFrom(data.asSlice(offset, chunk.byteSize()));
  }
}
