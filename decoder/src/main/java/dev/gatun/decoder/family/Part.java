package dev.gatun.decoder.family;

import dev.gatun.Tensor;

/** A part of a block that reads the (normed) residual stream and gives what is added to it: attention, or a feed-forward unit. */
interface Part {
  /** Appends its operators. @param x {@code [tokens, embedding]} @return {@code [tokens, embedding]}, a temporary of its own */
  Tensor append(Scope scope, Tensor x);
}
