package dev.gatun;

/**
 * A weight made ready by {@link Backend#prepare}, and what that cost.
 *
 * @param tensor the weight as operators of its {@link Use} take it; the original itself where it is used in place
 * @param bytes new memory that this took, 0 where the original is used in place; freed with the tensor's buffer
 * @param nanos the time it took
 * @param reason why this layout was chosen, in a few words
 */
public record Prepared(Tensor tensor, long bytes, long nanos, String reason) {
  /** Whether the original memory is still needed. */
  public boolean inPlace() {
    return bytes == 0;
  }
}
