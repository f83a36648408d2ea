package dev.gatun.decoder.family;

import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.decoder.Dimensions;
import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.GgufEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A model as its family reads it from the keys of a file: what {@link #load} makes of the tensors.
 *
 * @param architecture the family
 * @param sizes sizes and constants
 * @param originalContext the positions that the model was trained for before its context was stretched
 * @param norms the kind of norm
 * @param scales constants
 * @param learnedPositions whether there is a table of positions
 * @param outputBias whether logits may have a bias
 * @param blocks from the tensors of a block to the block
 */
public record Blueprint(String architecture, Dimensions sizes, int originalContext, Norm.Kind norms, Scales scales, boolean learnedPositions,
    boolean outputBias, Function<BlockWeights, Block> blocks) {
  private static final String TABLE = "token_embd.weight";
  private static final String POSITIONS = "position_embd.weight";
  private static final String OUTPUT = "output.weight";
  private static final String OUTPUT_BIAS = "output.bias";

  /** With RMS norms and without scales. */
  static Blueprint of(Keys keys, Dimensions sizes, Function<BlockWeights, Block> blocks) {
    return new Blueprint(keys.architecture(), sizes, RopeScaling.originalContext(keys, sizes.context()), Norm.Kind.RMS, Scales.NONE, false, false, blocks);
  }

  Blueprint with(Scales other) {
    return new Blueprint(architecture, sizes, originalContext, norms, other, learnedPositions, outputBias, blocks);
  }

  /** With layer norms. */
  Blueprint withLayerNorms() {
    return new Blueprint(architecture, sizes, originalContext, Norm.Kind.LAYER, scales, learnedPositions, outputBias, blocks);
  }

  Blueprint withLearnedPositions() {
    return new Blueprint(architecture, sizes, originalContext, norms, scales, true, outputBias, blocks);
  }

  Blueprint withOutputBias() {
    return new Blueprint(architecture, sizes, originalContext, norms, scales, learnedPositions, true, blocks);
  }

  /**
   * Takes every tensor that the graph computes with.
   *
   * @param context the longest sequence of the decoder to be: models with LongRoPE have other factors for contexts beyond those they were trained for
   * @throws dev.gatun.decoder.ModelException naming a tensor that is missing, has another shape or has no place in the family
   */
  public Graph load(Weights weights, int context) {
    boolean tied = !weights.has(OUTPUT);
    Tensor table = weights.matrix(TABLE, sizes.vocabulary(), sizes.embedding(), Use.EMBEDDING);
    Tensor output = weights.matrix(tied ? TABLE : OUTPUT, sizes.vocabulary(), sizes.embedding(), Use.MATMUL);
    Optional<Tensor> positions = learnedPositions ? Optional.of(positions(weights, context)) : Optional.empty();
    Norm norm = Norm.load(weights, norms, "output_norm", sizes.embedding(), sizes.eps());
    Optional<Tensor> factors = factors(weights, context);
    List<Block> loaded = new ArrayList<>();
    for (int i = 0; i < sizes.layers(); i++) {
      loaded.add(blocks.apply(new BlockWeights(weights, i, sizes, norms, factors)));
    }
    Optional<Tensor> bias = outputBias ? weights.optionalVector(OUTPUT_BIAS, sizes.vocabulary()) : Optional.empty();
    weights.checkAllTaken(architecture);
    return new Graph(sizes, table, positions, loaded, norm, new Linear(output, bias), scales);
  }

  private Tensor positions(Weights weights, int context) {
    if (context > sizes.context()) {
      throw weights.fault("the model has " + sizes.context() + " positions; a context of " + context + " is too long, choose a smaller one");
    }
    return weights.matrix(POSITIONS, sizes.context(), sizes.embedding(), Use.EMBEDDING);
  }

  /** Llama 3 has one set of factors, LongRoPE one for the context of the first training and one for longer contexts. */
  private Optional<Tensor> factors(Weights weights, int context) {
    if (sizes.rotation().isEmpty()) {
      return Optional.empty();
    }
    int pairs = sizes.rotation().get().dims() / 2;
    boolean longer = context > originalContext;
    String taken = "rope_factors_" + (longer ? "long" : "short") + ".weight";
    String other = "rope_factors_" + (longer ? "short" : "long") + ".weight";
    if (weights.has("rope_freqs.weight") || !weights.has(taken) && !weights.has(other)) {
      return weights.optionalVector("rope_freqs.weight", pairs);
    }
    if (weights.has(taken) != weights.has(other)) {
      throw weights.fault("tensor " + (weights.has(taken) ? taken : other) + " is not served in family " + architecture + " without "
          + (weights.has(taken) ? other : taken) + ", which is missing");
    }
    weights.leaveOut(other, pairs);
    return Optional.of(weights.vector(taken, pairs));
  }

  /** Bytes of the weights that one token reads: all matrices but tables of which a token reads a row, and of experts those that are chosen. */
  public long bytesPerToken(Gguf gguf) {
    boolean tied = gguf.entries().stream().noneMatch(entry -> entry.name().equals(OUTPUT));
    return gguf.entries().stream().filter(entry -> (tied || !entry.name().equals(TABLE)) && !entry.name().equals(POSITIONS))
        .mapToLong(this::bytesPerToken).sum();
  }

  private long bytesPerToken(GgufEntry entry) {
    return sizes.experts().filter(_ -> entry.name().contains("_exps.")).map(experts -> entry.bytes() / experts.count() * experts.used())
        .orElse(entry.bytes());
  }
}
