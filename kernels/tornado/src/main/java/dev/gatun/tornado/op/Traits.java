package dev.gatun.tornado.op;

/**
 * What plans depend on of a device.
 *
 * @param units compute units
 * @param local items of a work-group that reduces a row: a power of two, at most {@value #MOST_LOCAL}
 * @param localBytes local memory of a work-group
 * @param cpu whether the device is a processor, which runs a group's items one after the other
 */
public record Traits(int units, int local, long localBytes, boolean cpu) {
  /** The most items of a group: what kernels' local arrays are sized for. */
  public static final int MOST_LOCAL = 256;
}
