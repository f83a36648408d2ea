package dev.gatun.cpu.op;

import dev.gatun.Attention;
import java.util.Optional;

/**
 * What {@link AttentionUnits} reads and writes.
 *
 * @param rows how many tokens there are
 * @param sequences whose they are
 * @param kv their keys and values, or the latent rows that those are made of
 * @param q queries, or their first part
 * @param tail the rest of each query, where it lies apart
 * @param y results
 * @param sinks extra scores
 * @param options scale and mask
 */
record AttentionInputs(Rows rows, Sequences sequences, KvRows kv, View q, Optional<View> tail, View y, Optional<View> sinks, Attention.Options options) {
  static AttentionInputs of(Attention operator, Binding binding) {
    Sequences sequences = new Sequences(binding, operator.batch());
    return new AttentionInputs(Rows.of(binding, operator.y(), operator.q(), operator.batch().positions()), sequences, KvRows.of(operator.kv(), sequences, binding),
        binding.view(operator.q()), Optional.empty(), binding.view(operator.y()), operator.sinks().map(binding::view), operator.options());
  }
}
