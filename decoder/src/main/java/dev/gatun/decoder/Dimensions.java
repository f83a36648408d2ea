package dev.gatun.decoder;

import dev.gatun.Rotation;

/**
 * The sizes and constants of a dense decoder, read from a model file.
 *
 * @param layers transformer blocks
 * @param embedding width of the residual stream
 * @param feedForward width of the gated unit
 * @param heads query heads
 * @param kvHeads key/value heads
 * @param keySize elements of a query or key head
 * @param valueSize elements of a value head
 * @param vocabulary rows of the embedding
 * @param context the longest sequence the model was made for
 * @param eps epsilon of the norms
 * @param attentionScale on the dot product of query and key
 * @param window sliding window in positions, 0 for none
 * @param rotation the rotary embedding
 */
public record Dimensions(int layers, int embedding, int feedForward, int heads, int kvHeads, int keySize, int valueSize, int vocabulary, int context,
    float eps, float attentionScale, int window, Rotation rotation) {}
