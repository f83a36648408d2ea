package uk.ac.manchester.tornado.api.types;

/** An IEEE 754 half. */
public class HalfFloat {
  private final short bits;

  /** The half nearest to {@code value}. */
  public HalfFloat(float value) {
    this(Float.floatToFloat16(value));
  }

  /** The half with these bits. */
  public HalfFloat(short halfFloat) {
    this.bits = halfFloat;
  }

  /** a + b, rounded to a half. */
  public static HalfFloat add(HalfFloat a, HalfFloat b) {
    return new HalfFloat(a.getFloat32() + b.getFloat32());
  }

  /** a - b, rounded to a half. */
  public static HalfFloat sub(HalfFloat a, HalfFloat b) {
    return new HalfFloat(a.getFloat32() - b.getFloat32());
  }

  /** a * b, rounded to a half. */
  public static HalfFloat mult(HalfFloat a, HalfFloat b) {
    return new HalfFloat(a.getFloat32() * b.getFloat32());
  }

  /** a / b, rounded to a half. */
  public static HalfFloat div(HalfFloat a, HalfFloat b) {
    return new HalfFloat(a.getFloat32() / b.getFloat32());
  }

  /** The bits. */
  public short getHalfFloatValue() {
    return bits;
  }

  /** The value, which a float holds exactly. */
  public float getFloat32() {
    return Float.float16ToFloat(bits);
  }

  @Override
  public String toString() {
    return Float.toString(getFloat32());
  }
}
