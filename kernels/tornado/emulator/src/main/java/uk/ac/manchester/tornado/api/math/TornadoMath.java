package uk.ac.manchester.tornado.api.math;

/** The functions of a kernel, as the Java library computes them and rounded to the type they are named for. */
public class TornadoMath {
  /** Nothing to construct: the functions are static. */
  public TornadoMath() {}

  /** The smaller of the two. */
  public static float min(float a, float b) {
    return Math.min(a, b);
  }

  /** The larger of the two. */
  public static float max(float a, float b) {
    return Math.max(a, b);
  }

  /** The absolute value. */
  public static float abs(float a) {
    return Math.abs(a);
  }

  /** The smaller of the two. */
  public static double min(double a, double b) {
    return Math.min(a, b);
  }

  /** The larger of the two. */
  public static double max(double a, double b) {
    return Math.max(a, b);
  }

  /** The absolute value. */
  public static double abs(double a) {
    return Math.abs(a);
  }

  /** The smaller of the two. */
  public static long min(long a, long b) {
    return Math.min(a, b);
  }

  /** The larger of the two. */
  public static long max(long a, long b) {
    return Math.max(a, b);
  }

  /** The absolute value. */
  public static long abs(long a) {
    return Math.abs(a);
  }

  /** The smaller of the two. */
  public static int min(int a, int b) {
    return Math.min(a, b);
  }

  /** The larger of the two. */
  public static int max(int a, int b) {
    return Math.max(a, b);
  }

  /** The absolute value. */
  public static int abs(int a) {
    return Math.abs(a);
  }

  /** {@code value}, or the bound that it lies beyond. */
  public static float clamp(float value, float min, float max) {
    return Math.max(min, Math.min(max, value));
  }

  /** {@code value}, or the bound that it lies beyond. */
  public static double clamp(double value, double min, double max) {
    return Math.max(min, Math.min(max, value));
  }

  /** {@code value}, or the bound that it lies beyond. */
  public static long clamp(long value, long min, long max) {
    return Math.max(min, Math.min(max, value));
  }

  /** {@code value}, or the bound that it lies beyond. */
  public static int clamp(int value, int min, int max) {
    return Math.max(min, Math.min(max, value));
  }

  /** e to the power of {@code value}. */
  public static float exp(float value) {
    return (float) Math.exp(value);
  }

  /** e to the power of {@code value}. */
  public static double exp(double value) {
    return Math.exp(value);
  }

  /** The natural logarithm. */
  public static float log(float value) {
    return (float) Math.log(value);
  }

  /** The natural logarithm. */
  public static double log(double value) {
    return Math.log(value);
  }

  /** The square root. */
  public static float sqrt(float value) {
    return (float) Math.sqrt(value);
  }

  /** The square root. */
  public static double sqrt(double value) {
    return Math.sqrt(value);
  }

  /** The largest whole number not above {@code value}. */
  public static float floor(float value) {
    return (float) Math.floor(value);
  }

  /** The largest whole number not above {@code value}. */
  public static double floor(double value) {
    return Math.floor(value);
  }

  /** The smallest whole number not below {@code value}. */
  public static float ceil(float value) {
    return (float) Math.ceil(value);
  }

  /** The smallest whole number not below {@code value}. */
  public static double ceil(double value) {
    return Math.ceil(value);
  }

  /** The sine of an angle in radians. */
  public static float sin(float value) {
    return (float) Math.sin(value);
  }

  /** The sine of an angle in radians. */
  public static double sin(double value) {
    return Math.sin(value);
  }

  /** The cosine of an angle in radians. */
  public static float cos(float value) {
    return (float) Math.cos(value);
  }

  /** The cosine of an angle in radians. */
  public static double cos(double value) {
    return Math.cos(value);
  }

  /** The tangent of an angle in radians. */
  public static float tan(float value) {
    return (float) Math.tan(value);
  }

  /** The tangent of an angle in radians. */
  public static double tan(double value) {
    return Math.tan(value);
  }

  /** The angle with this sine. */
  public static float asin(float value) {
    return (float) Math.asin(value);
  }

  /** The angle with this sine. */
  public static double asin(double value) {
    return Math.asin(value);
  }

  /** The angle with this cosine. */
  public static float acos(float value) {
    return (float) Math.acos(value);
  }

  /** The angle with this cosine. */
  public static double acos(double value) {
    return Math.acos(value);
  }

  /** The angle with this tangent. */
  public static float atan(float value) {
    return (float) Math.atan(value);
  }

  /** The angle with this tangent. */
  public static double atan(double value) {
    return Math.atan(value);
  }

  /** The hyperbolic tangent. */
  public static float tanh(float value) {
    return (float) Math.tanh(value);
  }

  /** The hyperbolic tangent. */
  public static double tanh(double value) {
    return Math.tanh(value);
  }

  /** The sign of {@code value}: -1, 0 or 1. */
  public static float signum(float value) {
    return Math.signum(value);
  }

  /** The sign of {@code value}: -1, 0 or 1. */
  public static double signum(double value) {
    return Math.signum(value);
  }

  /** The logarithm to base 2. */
  public static float log2(float value) {
    return (float) (Math.log(value) / Math.log(2));
  }

  /** The logarithm to base 2. */
  public static double log2(double value) {
    return Math.log(value) / Math.log(2);
  }

  /** {@code a} to the power of {@code b}. */
  public static float pow(float a, float b) {
    return (float) Math.pow(a, b);
  }

  /** {@code a} to the power of {@code b}. */
  public static double pow(double a, double b) {
    return Math.pow(a, b);
  }

  /** The angle of the point (b, a). */
  public static float atan2(float a, float b) {
    return (float) Math.atan2(a, b);
  }

  /** The angle of the point (b, a). */
  public static double atan2(double a, double b) {
    return Math.atan2(a, b);
  }

  /** Pi. */
  public static float floatPI() {
    return (float) Math.PI;
  }

  /** Pi. */
  public static double PI() {
    return Math.PI;
  }
}
