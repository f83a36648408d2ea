package dev.gatun.decoder.model;

/**
 * How far values are from what they were rounded to, over elements of a tensor or of many.
 *
 * @param elements how many
 * @param squares the sum of the values' squares
 * @param errors the sum of the differences' squares
 * @param largest the largest difference
 */
public record RoundingError(long elements, double squares, double errors, double largest) {
  /** Of no elements. */
  public static final RoundingError NONE = new RoundingError(0, 0, 0, 0);

  /** Of both parts. A NaN on either side stays one. */
  public RoundingError plus(RoundingError other) {
    return new RoundingError(elements + other.elements, squares + other.squares, errors + other.errors, Math.max(largest, other.largest));
  }

  /** The sum of the differences' squares over that of the values' squares; 0 where nothing differs. */
  public double nmse() {
    return errors == 0 ? 0 : errors / squares;
  }

  /** Of {@code n} values and their roundings. */
  static RoundingError between(float[] values, float[] rounded, int n) {
    double squares = 0;
    double errors = 0;
    float largest = 0;
    for (int i = 0; i < n; i++) {
      float off = rounded[i] - values[i];
      squares += (double) values[i] * values[i];
      errors += (double) off * off;
      // Math.max, unlike a comparison, lets a NaN through.
      largest = Math.max(largest, Math.abs(off));
    }
    return new RoundingError(n, squares, errors, largest);
  }
}
