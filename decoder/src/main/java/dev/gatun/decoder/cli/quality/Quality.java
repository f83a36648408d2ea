package dev.gatun.decoder.cli.quality;

/**
 * How well one model predicts a text, and beside another. Everything is in nats per token.
 */
public final class Quality {
  private final Moments loss = new Moments();
  private final Moments difference = new Moments();
  private final Moments divergence = new Moments();
  private long agreed;

  /** Nothing scored yet. */
  public Quality() {}

  /**
   * Scores one token.
   *
   * @param row the logits before it
   * @param id the token
   * @return its negative log-likelihood; NaN where the logits hold none
   */
  public double score(float[] row, int id) {
    double nats = logSum(row) - row[id];
    loss.add(nats);
    return nats;
  }

  /**
   * Scores one token beside what another model said.
   *
   * @param base the other model's logits
   * @param baseNats the other model's negative log-likelihood
   */
  public void score(float[] row, int id, float[] base, double baseNats) {
    difference.add(score(row, id) - baseNats);
    double sum = logSum(row);
    double baseSum = logSum(base);
    double apart = 0;
    for (int i = 0; i < row.length; i++) {
      double log = base[i] - baseSum;
      apart += Math.exp(log) * (log - (row[i] - sum));
    }
    divergence.add(apart);
    agreed += best(row) == best(base) ? 1 : 0;
  }

  private static double logSum(float[] row) {
    double most = row[best(row)];
    double sum = 0;
    for (float logit : row) {
      sum += Math.exp(logit - most);
    }
    return most + Math.log(sum);
  }

  private static int best(float[] row) {
    int best = 0;
    for (int i = 1; i < row.length; i++) {
      if (row[i] > row[best]) {
        best = i;
      }
    }
    return best;
  }

  /** Negative log-likelihoods. */
  public Moments loss() {
    return loss;
  }

  /** {@code exp} of the mean loss. */
  public double perplexity() {
    return Math.exp(loss.mean());
  }

  /** The standard error of the perplexity, to first order. */
  public double perplexityError() {
    return perplexity() * loss.standardError();
  }

  /** Losses less those of the other model, token by token. */
  public Moments difference() {
    return difference;
  }

  /** Kullback-Leibler divergences of the next token's distribution from the other model's. */
  public Moments divergence() {
    return divergence;
  }

  /** The share of tokens before which both models had the same most likely token. */
  public double agreement() {
    return (double) agreed / divergence.count();
  }
}
