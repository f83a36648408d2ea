package dev.gatun.decoder.family;

import dev.gatun.Ragged;
import dev.gatun.Tensor;

/** What a graph is given for each step. */
public interface TokenInputs {
  /** The tokens' ids. */
  Tensor ids();

  /** The rows, among the tokens, that logits are wanted for. */
  Tensor rows();

  /** Which token belongs to which sequence, and where. */
  Ragged batch();

  /** A view of {@code tensor}, whose rows are one for each token. */
  Tensor perToken(Tensor tensor);

  /** A view of {@code tensor}, whose rows are one for each row of logits. */
  Tensor perRow(Tensor tensor);
}
