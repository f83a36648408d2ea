package dev.gatun;

/** What a weight will be read by, so that {@link Backend#prepare} can choose its layout. */
public enum Use {
  /** The {@code w} of {@link Matmul}, or with three dimensions that of {@link GroupedMatmul}. */
  MATMUL,
  /** The {@code table} of {@link Embedding}. */
  EMBEDDING,
  /** Both {@link #MATMUL} and {@link #EMBEDDING}: a tied embedding. */
  MATMUL_AND_EMBEDDING,
  /** The {@code w_uk} and {@code w_uv} of {@link MlaAttention}, or the one tensor that holds both ({@link MlaAttention.Up#ofBoth}); always plain. */
  MLA,
  /** A norm's weight, a bias, frequency factors: small vectors read by elementwise operators; always plain F32. */
  VECTOR
}
