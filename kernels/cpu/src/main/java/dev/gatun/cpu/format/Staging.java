package dev.gatun.cpu.format;

import dev.gatun.DType;
import dev.gatun.ShapeException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A thread's arrays that rows pass through, a piece at a time. The loops work on arrays because loops on segments slow down tenfold once
 * the process has used them on heap, native and mapped segments alike, and because arrays of two types cannot overlap, which lets the
 * compiler vectorise. The copies in and out stay in the first-level cache.
 */
final class Staging {
  /** Elements in a piece: a whole number of blocks of every type. */
  static final int ELEMENTS = 1024;

  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ThreadLocal<Staging> OF_THREAD = ThreadLocal.withInitial(Staging::new);

  /** The units of 16 bits of an F16 or BF16 piece. */
  final short[] shorts = new short[ELEMENTS];
  /** The elements of an I32 piece. */
  final int[] ints = new int[ELEMENTS];
  /** The bytes of a piece of any other type. */
  final byte[] bytes = new byte[(int) DType.Q8_0.bytes(ELEMENTS)];
  /** The F32 side. */
  final float[] floats = new float[ELEMENTS];

  private SuperBlockFit fit;

  private Staging() {}

  /** The search for scales, which few threads ever need. */
  SuperBlockFit fit() {
    if (fit == null) {
      fit = new SuperBlockFit();
    }
    return fit;
  }

  /** One piece from one side's arrays to the other's. */
  @FunctionalInterface
  interface Loop {
    void run(Staging staging, int elements);
  }

  static Staging ofThread() {
    return OF_THREAD.get();
  }

  /** Fails unless {@code elements} elements of {@code type} lie within {@code segment} at {@code offset}. */
  static void check(String call, DType type, MemorySegment segment, long offset, int elements) {
    long bytes = type.bytes(elements);
    if (offset < 0 || bytes > segment.byteSize() - offset) {
      throw new ShapeException(call + ": " + elements + " elements of " + type + " at byte " + offset + " need " + bytes
          + " bytes, past the end of a segment of " + segment.byteSize());
    }
  }

  void load(DType type, MemorySegment src, long offset, int n) {
    switch (type) {
      case F32 -> MemorySegment.copy(src, FLOAT, offset, floats, 0, n);
      case I32 -> MemorySegment.copy(src, INT, offset, ints, 0, n);
      case F16, BF16 -> MemorySegment.copy(src, SHORT, offset, shorts, 0, n);
      default -> MemorySegment.copy(src, ValueLayout.JAVA_BYTE, offset, bytes, 0, (int) type.bytes(n));
    }
  }

  void store(DType type, MemorySegment dst, long offset, int n) {
    switch (type) {
      case F32 -> MemorySegment.copy(floats, 0, dst, FLOAT, offset, n);
      case I32 -> MemorySegment.copy(ints, 0, dst, INT, offset, n);
      case F16, BF16 -> MemorySegment.copy(shorts, 0, dst, SHORT, offset, n);
      default -> MemorySegment.copy(bytes, 0, dst, ValueLayout.JAVA_BYTE, offset, (int) type.bytes(n));
    }
  }

  /** The F16 at {@code in[at]}. */
  static float f16(byte[] in, int at) {
    return Half.f16((short) (in[at] & 0xFF | in[at + 1] << 8));
  }

  /** The 32-bit word at {@code in[at]}. */
  static int word(byte[] in, int at) {
    return in[at] & 0xFF | (in[at + 1] & 0xFF) << 8 | (in[at + 2] & 0xFF) << 16 | in[at + 3] << 24;
  }

  static void putShort(byte[] out, int at, short bits) {
    out[at] = (byte) bits;
    out[at + 1] = (byte) (bits >> 8);
  }
}
