package dev.gatun.decoder.gguf;

import dev.gatun.DType;
import java.lang.foreign.MemorySegment;

/**
 * A tensor of a GGUF file, where it lies in the mapped file.
 *
 * @param name the name in the file, for example {@code blk.0.attn_q.weight}
 * @param dtype the element type
 * @param shape the dimensions, outermost first (the file stores them innermost first): a weight matrix is {@code [rows, cols]}
 * @param data exactly the tensor's bytes: read-only and valid until the {@link Gguf} is closed, or rewritten ({@link GgufType#loadedAs()}); of no size where
 *     the model is in no file ({@link Gguf#source}) or only {@linkplain Gguf#described(String) described}
 */
public record GgufTensor(String name, DType dtype, long[] shape, MemorySegment data) {}
