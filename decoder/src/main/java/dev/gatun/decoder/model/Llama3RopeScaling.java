package dev.gatun.decoder.model;

/**
 * The rotary frequency scaling of Llama 3.1 and later: frequencies with wavelengths beyond {@code originalContext / lowFrequency} are
 * divided by {@code factor}, those below {@code originalContext / highFrequency} are kept, and between the two it fades.
 *
 * @param factor how far long wavelengths are stretched
 * @param lowFrequency turns within the original context up to which a frequency counts as low
 * @param highFrequency turns within the original context from which on a frequency counts as high
 * @param originalContext positions the model was trained for before it was stretched
 */
public record Llama3RopeScaling(double factor, double lowFrequency, double highFrequency, int originalContext) {
  /**
   * What each of the {@code headSize / 2} frequencies {@code base^(-2i / headSize)} is divided by: the content of the tensor
   * {@code rope_freqs.weight}. With {@code turns = originalContext · frequency / 2π} and
   * {@code s = (turns − low) / (high − low)} it is 1 for {@code turns > high}, {@code factor} for {@code turns < low}, else
   * {@code 1 / ((1 − s) / factor + s)}.
   */
  public float[] divisors(int headSize, double base) {
    float[] divisors = new float[headSize / 2];
    for (int i = 0; i < divisors.length; i++) {
      double turns = originalContext * StrictMath.pow(base, -2.0 * i / headSize) / (2 * Math.PI);
      double s = (turns - lowFrequency) / (highFrequency - lowFrequency);
      double divisor = s > 1 ? 1 : s < 0 ? factor : 1 / ((1 - s) / factor + s);
      divisors[i] = (float) divisor;
    }
    return divisors;
  }
}
