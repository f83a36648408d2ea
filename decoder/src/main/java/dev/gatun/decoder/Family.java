package dev.gatun.decoder;

import dev.gatun.DType;
import dev.gatun.KvCache;
import dev.gatun.Program;
import dev.gatun.Tensor;
import dev.gatun.decoder.gguf.Gguf;
import java.util.List;
import java.util.stream.Collectors;

/** An architecture: how its sizes are read, which tensors it has, and its graph. One file each; {@link #SERVED} lists them. */
interface Family {
  /** The families served, by the value of {@code general.architecture}. */
  List<Family> SERVED = List.of(DenseFamily.LLAMA, DenseFamily.QWEN2, DenseFamily.QWEN3);

  /** The value of {@code general.architecture}. */
  String architecture();

  /** The sizes and constants in the file. */
  Dimensions dimensions(Gguf gguf);

  /** Takes every tensor that the graph computes with. */
  Graph load(Dimensions dimensions, Weights weights);

  /** Bytes of the weights that one token reads: all matrices but an untied embedding table. */
  default long bytesPerToken(Gguf gguf) {
    boolean tied = gguf.entries().stream().noneMatch(entry -> entry.name().equals("output.weight"));
    return gguf.entries().stream().filter(entry -> tied || !entry.name().equals("token_embd.weight")).mapToLong(entry -> entry.bytes()).sum();
  }

  /** A model's operators over its weights. */
  interface Graph {
    /**
     * Appends what leads from token ids to the logits of the wanted rows.
     *
     * @param activations the type of what only matmuls and attention read
     * @param logits where they go, {@code [rows, vocabulary]}, F32
     */
    void build(Program.Builder program, StepInputs inputs, int tokens, int rows, KvCache cache, DType activations, Tensor logits);
  }

  /** The family of a file. */
  static Family of(Gguf gguf) {
    String architecture = gguf.metadata().string("general.architecture")
        .orElseThrow(() -> new ModelException(gguf.file(), "metadata key general.architecture is missing; is this a language model?"));
    return SERVED.stream().filter(family -> family.architecture().equals(architecture)).findFirst()
        .orElseThrow(() -> new ModelException(gguf.file(), "architecture '" + architecture + "' is not served; served are: "
            + SERVED.stream().map(Family::architecture).collect(Collectors.joining(", "))));
  }
}
