package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.math.TornadoMath;

/** Functions of one number. Inlined into kernels. */
final class Activations {
  /** As {@code form}: gelu by the error function. */
  static final int ERF = 0;

  private static final float ROOT_HALF = 0.70710678f;
  private static final float ROOT_TWO_OVER_PI = 0.7978846f;
  private static final float CUBIC = 0.044715f;

  private Activations() {}

  /** {@code g / (1 + exp(−g))}. */
  static float silu(float g) {
    return g / (1f + TornadoMath.exp(-g));
  }

  /** {@code x · Φ(x)}, Φ by the error function or, with a form other than {@link #ERF}, by tanh. */
  static float gelu(int form, float x) {
    float result;
    if (form == ERF) {
      result = x * normal(x);
    } else {
      // (1 + tanh(u)) / 2, which loses nothing where tanh is close to −1.
      float u = ROOT_TWO_OVER_PI * (x + CUBIC * x * x * x);
      result = x / (1f + TornadoMath.exp(-2f * u));
    }
    return result;
  }

  /** Φ(x) by the rational approximation 7.1.26 of Abramowitz and Stegun, off by 1.5e-7 at most. */
  private static float normal(float x) {
    float z = TornadoMath.abs(x) * ROOT_HALF;
    float t = 1f / (1f + 0.3275911f * z);
    float tail = 0.5f * t * (0.254829592f + t * (-0.284496736f + t * (1.421413741f + t * (-1.453152027f + t * 1.061405429f)))) * TornadoMath.exp(-z * z);
    return x < 0 ? tail : 1f - tail;
  }
}
