package dev.gatun.tornado.kernel;

/**
 * Where something lies: a piece of device memory, and a byte in it.
 *
 * @param slab the piece, by number
 * @param offset bytes from the piece's first byte that operands may use
 */
public record Place(int slab, int offset) {
  /** The place as an index of elements of {@code bytes} bytes. @throws IllegalArgumentException if it lies between two */
  public int index(int bytes) {
    if (offset % bytes != 0) {
      throw new IllegalArgumentException("byte " + offset + " is no multiple of " + bytes);
    }
    return offset / bytes;
  }
}
