package dev.gatun;

/**
 * How {@link Rope} rotates: which elements form a pair, how many, and at which frequencies. Pair i of {@code dims/2} turns by the angle
 * {@code position · f(i)}; the base frequencies are {@code f(i) = base^(−2i/dims)} (Su et al. 2021) and {@link Scaling} changes them.
 *
 * @param pairs which elements form a pair
 * @param dims the elements of a head that rotate, even; the rest of a head is copied
 * @param base the frequency base, for example 10000
 * @param scaling how a longer context is served
 * @param magnitude a factor on cosine and sine (LongRoPE's attention factor); 1 for none
 */
public record Rotation(Pairs pairs, int dims, double base, Scaling scaling, double magnitude) {
  /** Which elements of a head form pair i. */
  public enum Pairs {
    /** Elements {@code 2i} and {@code 2i+1}: the original form, and that of Llama models in GGUF files. */
    INTERLEAVED,
    /** Elements {@code i} and {@code i + dims/2}: the form of GPT-NeoX and Qwen. */
    HALF_SPLIT
  }

  /** Checks the numbers. @throws ShapeException where they make no rotation */
  public Rotation {
    Require require = new Require("rope");
    require.that(dims > 0 && dims % 2 == 0, "dims must be even and positive, not " + dims);
    require.that(base > 0 && Double.isFinite(base), "base must be positive and finite, not " + base);
    require.that(magnitude > 0 && Double.isFinite(magnitude), "magnitude must be positive and finite, not " + magnitude);
  }

  /** A rotation without scaling. */
  public Rotation(Pairs pairs, int dims, double base) {
    this(pairs, dims, base, new Scaling.None(), 1);
  }

  /** The scaled frequency of each pair, in radians a position, without frequency factors. */
  public double[] frequencies() {
    double[] frequencies = new double[dims / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = scaled(i, Math.pow(base, -2.0 * i / dims));
    }
    return frequencies;
  }

  /** What cosine and sine are multiplied by: the magnitude, and YaRN's own factor where that is the scaling. */
  public double amplitude() {
    return magnitude * switch (scaling) {
      case Scaling.Yarn yarn -> yarn.attentionFactor() * (1 + 0.1 * Math.log(yarn.factor()));
      default -> 1;
    };
  }

  private double scaled(int pair, double f) {
    return switch (scaling) {
      case Scaling.None _ -> f;
      case Scaling.Linear linear -> f / linear.factor();
      case Scaling.Llama3 llama -> llama3(llama, f);
      case Scaling.Yarn yarn -> yarn(yarn, pair, f);
    };
  }

  private static double llama3(Scaling.Llama3 scaling, double f) {
    double wavelength = 2 * Math.PI / f;
    if (wavelength < scaling.context() / scaling.highFactor()) {
      return f;
    }
    if (wavelength > scaling.context() / scaling.lowFactor()) {
      return f / scaling.factor();
    }
    double s = (scaling.context() / wavelength - scaling.lowFactor()) / (scaling.highFactor() - scaling.lowFactor());
    return (1 - s) * f / scaling.factor() + s * f;
  }

  private double yarn(Scaling.Yarn scaling, int pair, double f) {
    double low = Math.max(0, Math.floor(dimension(scaling.context(), scaling.betaFast())));
    double high = Math.min(dims - 1, Math.ceil(dimension(scaling.context(), scaling.betaSlow())));
    double r = 1 - Math.clamp((pair - low) / Math.max(high - low, 0.001), 0, 1);
    return (1 - r) * f / scaling.factor() + r * f;
  }

  private double dimension(long context, double beta) {
    return dims * Math.log(context / (2 * Math.PI * beta)) / (2 * Math.log(base));
  }

  /** A change to the base frequencies. Frequency factors per pair come as a tensor of {@link Rope} and apply to any of these. */
  public sealed interface Scaling {
    /** The base frequencies as they are. */
    record None() implements Scaling {}

    /**
     * Position interpolation (Chen et al. 2023): {@code f(i) / factor}.
     *
     * @param factor positive
     */
    record Linear(double factor) implements Scaling {
      /** Checks the factor. @throws ShapeException if it is not positive and finite */
      public Linear {
        new Require("rope").that(factor > 0 && Double.isFinite(factor), "linear scaling factor must be positive, not " + factor);
      }
    }

    /**
     * Llama 3.1's scaling: with wavelength {@code λ = 2π/f}, {@code f} stays where {@code λ < context/highFactor}, becomes {@code f/factor} where
     * {@code λ > context/lowFactor}, and between {@code (1−s)·f/factor + s·f} with
     * {@code s = (context/λ − lowFactor) / (highFactor − lowFactor)}.
     *
     * @param factor by how much the context grows
     * @param lowFactor bound of the long wavelengths
     * @param highFactor bound of the short wavelengths, over lowFactor
     * @param context the context length of the original training
     */
    record Llama3(double factor, double lowFactor, double highFactor, long context) implements Scaling {
      /** Checks the numbers. @throws ShapeException where they make no scaling */
      public Llama3 {
        new Require("rope").that(factor > 0 && lowFactor > 0 && highFactor > lowFactor && context > 0,
            "llama3 scaling needs factor > 0, 0 < lowFactor < highFactor and context > 0");
      }
    }

    /**
     * YaRN (Peng et al. 2023): {@code (1−r(i))·f/factor + r(i)·f} with {@code r(i) = 1 − clamp((i − low)/max(high − low, 0.001), 0, 1)},
     * {@code dim(β) = dims · ln(context/(2πβ)) / (2·ln base)}, {@code low = max(0, floor(dim(betaFast)))},
     * {@code high = min(dims − 1, ceil(dim(betaSlow)))}. Cosine and sine are further multiplied by
     * {@code attentionFactor · (1 + 0.1·ln factor)}.
     *
     * @param factor by how much the context grows, at least 1
     * @param context the context length of the original training
     * @param attentionFactor 1 for the paper's magnitude
     * @param betaFast usually 32
     * @param betaSlow usually 1
     */
    record Yarn(double factor, long context, double attentionFactor, double betaFast, double betaSlow) implements Scaling {
      /** Checks the numbers. @throws ShapeException where they make no scaling */
      public Yarn {
        new Require("rope").that(factor >= 1 && context > 0 && attentionFactor > 0 && betaFast > 0 && betaSlow > 0,
            "yarn scaling needs factor ≥ 1 and a positive context, attention factor and betas");
      }
    }
  }
}
