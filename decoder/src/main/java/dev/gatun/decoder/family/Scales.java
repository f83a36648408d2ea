package dev.gatun.decoder.family;

/**
 * Constants that a family multiplies by.
 *
 * @param embedding on the embedded tokens
 * @param residual on what a part adds to the residual stream
 * @param logits on the logits
 * @param softcap of the logits, 0 for none
 */
record Scales(float embedding, float residual, float logits, float softcap) {
  /** None. */
  static final Scales NONE = new Scales(1, 1, 1, 0);

  static Scales ofEmbedding(double factor) {
    return new Scales((float) factor, 1, 1, 0);
  }

  Scales withSoftcap(float cap) {
    return new Scales(embedding, residual, logits, cap);
  }
}
