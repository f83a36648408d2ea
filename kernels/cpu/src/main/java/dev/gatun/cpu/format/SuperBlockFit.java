package dev.gatun.cpu.format;

/**
 * The search for the scales of a block of 256: each group's own best first, then the block's, which the groups' are whole multiples of, then codes, and
 * the block's scale anew by least squares, as long as that lowers the sum of squared errors. Unlike ggml's search for the same types every element weighs
 * the same, for it is the mean squared error that is promised.
 */
final class SuperBlockFit {
  private static final int ELEMENTS = 256;
  private static final int MOST_GROUPS = 16;
  /** Scales of the block that are tried first: they differ in what F16 makes of them. */
  private static final int STARTS = 3;
  /** How often they are taken anew from the codes at the most. */
  private static final int ROUNDS = 2;
  private static final float LARGEST_F16 = 65504;

  /** Codes of the elements. */
  final int[] codes = new int[ELEMENTS];
  /** The groups' scales and minimums, in units of the block's. */
  final int[] scales = new int[MOST_GROUPS];
  final int[] minimums = new int[MOST_GROUPS];
  /** The block's scale and minimum in F16. */
  short d;
  short dmin;

  private final float[] x = new float[ELEMENTS];
  private final double[] ideal = new double[MOST_GROUPS];
  private final double[] below = new double[MOST_GROUPS];
  private final int[] triedCodes = new int[ELEMENTS];
  private final int[] triedScales = new int[MOST_GROUPS];
  private final int[] triedMinimums = new int[MOST_GROUPS];
  private final double[] again = new double[2];
  private double fitScale;
  private double fitBelow;
  private double fitGain;

  /**
   * For {@code x ≈ d·scale·code − dmin·minimum}.
   *
   * @param size elements of a group
   * @param topScale the largest scale and minimum
   * @param top the largest code
   * @return whether all elements are finite; if not, nothing else is meant
   */
  boolean affine(float[] in, int at, int size, int topScale, int top) {
    if (!take(in, at)) {
      return false;
    }
    double widest = 0;
    double deepest = 0;
    for (int g = 0; g < ELEMENTS / size; g++) {
      range(g * size, size, top);
      ideal[g] = fitScale;
      below[g] = fitBelow;
      widest = Math.max(widest, fitScale);
      deepest = Math.max(deepest, fitBelow);
    }
    float step = 0;
    float stepBelow = 0;
    double least = Double.POSITIVE_INFINITY;
    for (int round = 0; round < STARTS + ROUNDS; round++) {
      if (round < STARTS) {
        step = (float) (widest / (topScale - round));
        stepBelow = (float) (deepest / (topScale - round));
      } else {
        affineAgain(size);
        step = (float) again[0];
        stepBelow = (float) again[1];
      }
      short bits = half(step);
      short bitsBelow = half(stepBelow);
      double error = tryAffine(Half.f16(bits), Half.f16(bitsBelow), size, topScale, top);
      if (error < least) {
        least = error;
        keep();
        d = bits;
        dmin = bitsBelow;
      } else if (round >= STARTS) {
        break;
      }
    }
    return true;
  }

  /** The block's scale and minimum by least squares under the codes and scales kept. */
  private void affineAgain(int size) {
    double saa = 0;
    double sab = 0;
    double sbb = 0;
    double sxa = 0;
    double sxb = 0;
    for (int i = 0; i < ELEMENTS; i++) {
      double a = (double) scales[i / size] * codes[i];
      double b = -minimums[i / size];
      saa += a * a;
      sab += a * b;
      sbb += b * b;
      sxa += x[i] * a;
      sxb += x[i] * b;
    }
    double determinant = saa * sbb - sab * sab;
    again[0] = determinant > 0 ? (sxa * sbb - sxb * sab) / determinant : saa > 0 ? sxa / saa : 0;
    again[1] = determinant > 0 ? Math.max(0, (sxb * saa - sxa * sab) / determinant) : Half.f16(dmin);
  }

  /**
   * For {@code x ≈ d·scale·(code − half)} with signed scales, in groups of 16.
   *
   * @param topScale one more than the largest scale; the least is its negative
   * @param half codes are 0 to {@code 2·half − 1}
   * @return whether all elements are finite; if not, nothing else is meant
   */
  boolean signed(float[] in, int at, int topScale, int half) {
    if (!take(in, at)) {
      return false;
    }
    double largest = 0;
    for (int g = 0; g < 16; g++) {
      spread(16 * g, half);
      ideal[g] = fitScale;
      largest = Math.abs(fitScale) > Math.abs(largest) ? fitScale : largest;
    }
    double least = Double.POSITIVE_INFINITY;
    for (int round = 0; round < STARTS + ROUNDS; round++) {
      float step = (float) (round < STARTS ? 0 - largest / (topScale - round) : signedAgain(half));
      short bits = half(step);
      double error = trySigned(Half.f16(bits), topScale, half);
      if (error < least) {
        least = error;
        keep();
        d = bits;
      } else if (round >= STARTS) {
        break;
      }
    }
    return true;
  }

  private double signedAgain(int half) {
    double saa = 0;
    double sxa = 0;
    for (int i = 0; i < ELEMENTS; i++) {
      double a = (double) scales[i / 16] * (codes[i] - half);
      saa += a * a;
      sxa += x[i] * a;
    }
    return saa > 0 ? sxa / saa : 0;
  }

  private boolean take(float[] in, int at) {
    float sum = 0;
    for (int i = 0; i < ELEMENTS; i++) {
      x[i] = in[at + i];
      sum += x[i] * 0;
    }
    return sum == 0;
  }

  private void keep() {
    System.arraycopy(triedCodes, 0, codes, 0, ELEMENTS);
    System.arraycopy(triedScales, 0, scales, 0, MOST_GROUPS);
    System.arraycopy(triedMinimums, 0, minimums, 0, MOST_GROUPS);
  }

  private static short half(float value) {
    return Half.toF16(Math.clamp(value, -LARGEST_F16, LARGEST_F16));
  }

  /** The scale and minimum of a group alone: the least squares under codes from spans a little narrower and wider than the group's. */
  private void range(int from, int size, int top) {
    float min = 0;
    float max = x[from];
    for (int i = from; i < from + size; i++) {
      min = Math.min(min, x[i]);
      max = Math.max(max, x[i]);
    }
    fitScale = 0;
    fitBelow = -min;
    fitGain = Double.NEGATIVE_INFINITY;
    if (!Float.isFinite((top + 1) / (max - min))) {
      return;
    }
    for (int i = -10; i <= 10; i++) {
      meet(from, size, top, (top + 0.1f * i) / (max - min), min);
    }
    for (int again = 0; again < 2 && fitScale > 0; again++) {
      meet(from, size, top, (float) (1 / fitScale), (float) -fitBelow);
    }
  }

  private void meet(int from, int size, int top, float inverse, float min) {
    int sq = 0;
    int sqq = 0;
    double sx = 0;
    double sxq = 0;
    for (int i = from; i < from + size; i++) {
      int q = Math.clamp((int) ((x[i] - min) * inverse + 0.5f), 0, top);
      sq += q;
      sqq += q * q;
      sx += x[i];
      sxq += (double) x[i] * q;
    }
    double determinant = (double) size * sqq - (double) sq * sq;
    double scale = (size * sxq - sx * sq) / determinant;
    double offset = (sqq * sx - sq * sxq) / determinant;
    if (!(determinant > 0) || offset > 0) {
      // Of one code alone, or of none but positive elements: a line through zero.
      offset = 0;
      scale = sqq == 0 ? 0 : sxq / sqq;
    }
    double gain = 2 * (scale * sxq + offset * sx) - scale * scale * sqq - 2 * scale * offset * sq - size * offset * offset;
    if (gain > fitGain && scale > 0) {
      fitGain = gain;
      fitScale = scale;
      fitBelow = -offset;
    }
  }

  /** The signed scale of a group of 16 alone, likewise; the extreme may meet either end of the codes. */
  private void spread(int from, int half) {
    float extreme = 0;
    for (int i = from; i < from + 16; i++) {
      extreme = Math.abs(x[i]) > Math.abs(extreme) ? x[i] : extreme;
    }
    fitScale = 0;
    fitGain = 0;
    if (!Float.isFinite((half + 1) / extreme)) {
      return;
    }
    for (int i = 0; i <= 9; i++) {
      meetSigned(from, half, -(half + 0.1f * i) / extreme);
      meetSigned(from, half, -(half - 0.1f * i) / extreme);
      meetSigned(from, half, (half - 1 + 0.1f * i) / extreme);
      meetSigned(from, half, (half - 1 - 0.1f * i) / extreme);
    }
    if (fitScale != 0) {
      meetSigned(from, half, (float) (1 / fitScale));
    }
  }

  private void meetSigned(int from, int half, float inverse) {
    int sqq = 0;
    double sxq = 0;
    for (int i = from; i < from + 16; i++) {
      int q = nearest(x[i] * inverse, half);
      sqq += q * q;
      sxq += (double) x[i] * q;
    }
    double gain = sqq == 0 ? 0 : sxq * sxq / sqq;
    if (gain > fitGain) {
      fitGain = gain;
      fitScale = sxq / sqq;
    }
  }

  /** The nearest code of −half to half − 1. */
  private static int nearest(float value, int half) {
    return Math.clamp((int) (value + (half + 0.5f)), 0, 2 * half - 1) - half;
  }

  private double tryAffine(float step, float stepBelow, int size, int topScale, int top) {
    double error = 0;
    for (int g = 0; g < ELEMENTS / size; g++) {
      int scale = step == 0 ? 0 : (int) Math.clamp(Math.rint(ideal[g] / step), 0, topScale);
      int minimum = stepBelow == 0 ? 0 : (int) Math.clamp(Math.rint(below[g] / stepBelow), 0, topScale);
      double least = Double.POSITIVE_INFINITY;
      int middleScale = scale;
      int middleMinimum = minimum;
      for (int cross = 0; cross < 5; cross++) {
        int s = middleScale + (cross == 1 ? -1 : cross == 2 ? 1 : 0);
        int m = middleMinimum + (cross == 3 ? -1 : cross == 4 ? 1 : 0);
        if (s >= 0 && s <= topScale && m >= 0 && m <= topScale) {
          double found = affineError(g * size, size, step * s, stepBelow * m, top);
          if (found < least) {
            least = found;
            scale = s;
            minimum = m;
          }
        }
      }
      triedScales[g] = scale;
      triedMinimums[g] = minimum;
      error += affineError(g * size, size, step * scale, stepBelow * minimum, top);
    }
    return error;
  }

  /** Leaves the codes. */
  private double affineError(int from, int size, float scale, float below, int top) {
    float inverse = 1 / scale;
    boolean flat = !Float.isFinite(inverse);
    double error = 0;
    for (int i = from; i < from + size; i++) {
      int q = flat ? 0 : Math.clamp((int) ((x[i] + below) * inverse + 0.5f), 0, top);
      triedCodes[i] = q;
      double off = (double) scale * q - below - x[i];
      error += off * off;
    }
    return error;
  }

  private double trySigned(float step, int topScale, int half) {
    double error = 0;
    for (int g = 0; g < 16; g++) {
      int middle = step == 0 ? 0 : (int) Math.clamp(Math.rint(ideal[g] / step), -topScale, topScale - 1);
      int scale = middle;
      double least = signedError(16 * g, step * middle, half);
      for (int s = Math.max(-topScale, middle - 1); s <= Math.min(topScale - 1, middle + 1); s++) {
        double found = s == middle ? least : signedError(16 * g, step * s, half);
        if (found < least) {
          least = found;
          scale = s;
        }
      }
      triedScales[g] = scale;
      error += signedError(16 * g, step * scale, half);
    }
    return error;
  }

  /** Leaves the codes. */
  private double signedError(int from, float scale, int half) {
    float inverse = 1 / scale;
    boolean flat = !Float.isFinite(inverse);
    double error = 0;
    for (int i = from; i < from + 16; i++) {
      int q = flat ? 0 : nearest(x[i] * inverse, half);
      triedCodes[i] = q + half;
      double off = (double) scale * q - x[i];
      error += off * off;
    }
    return error;
  }
}
