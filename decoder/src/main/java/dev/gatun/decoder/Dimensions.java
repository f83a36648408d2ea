package dev.gatun.decoder;

import dev.gatun.Rotation;
import java.util.Optional;

/**
 * The sizes and constants of a decoder, read from a model file.
 *
 * @param layers transformer blocks
 * @param embedding width of the residual stream
 * @param feedForward width of the feed-forward unit
 * @param heads query heads
 * @param kvHeads key/value heads
 * @param keySize elements of a query or key head
 * @param valueSize elements of a value head
 * @param vocabulary rows of the embedding
 * @param context the longest sequence the model was made for
 * @param eps epsilon of the norms
 * @param attentionScale on the dot product of query and key
 * @param window sliding window in positions, of those layers that have one; 0 for none
 * @param rotation the rotary embedding of queries and keys, where layers differ that of those without a window; empty if positions are learned
 * @param experts the mixture of experts, if there is one
 * @param latent the short rows that keys and values are made of, if they are
 */
public record Dimensions(int layers, int embedding, int feedForward, int heads, int kvHeads, int keySize, int valueSize, int vocabulary, int context,
    float eps, float attentionScale, int window, Optional<Rotation> rotation, Optional<Experts> experts, Optional<Latent> latent) {
  /**
   * A mixture of experts.
   *
   * @param count experts of a layer
   * @param used experts of a token
   * @param feedForward width of an expert's unit
   * @param shared width of the unit that all tokens take, 0 for none
   * @param denseLayers the first layers, which have no experts
   */
  public record Experts(int count, int used, int feedForward, int shared, int denseLayers) {}

  /**
   * Multi-head latent attention.
   *
   * @param queryRank elements of the short row that queries are made of, 0 if they are made at once
   * @param rank elements of the short row that keys and values are made of; the cache keeps it and the part of the key that rotates
   */
  public record Latent(int queryRank, int rank) {}

  /** Elements that a cache keeps for each position and layer. */
  public int cachedElements() {
    return latent.map(rows -> rows.rank() + rotation.map(Rotation::dims).orElse(0)).orElse(kvHeads * (keySize + valueSize));
  }
}
