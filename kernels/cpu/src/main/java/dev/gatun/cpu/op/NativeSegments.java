package dev.gatun.cpu.op;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Segments of native memory that no file is mapped to. C2 learns the class of a segment from a comparison with a constant; then its checks leave a loop
 * whatever other kinds of segments the Vector API has met in this JVM. Otherwise a loop of multiply-adds takes a fifth longer where it has met mapped ones
 * too, and six times as long where arrays.
 */
public final class NativeSegments {
  private static final Class<?> NATIVE = Arena.global().allocate(1).getClass();

  private NativeSegments() {}

  /** Whether a segment is one. */
  public static boolean is(MemorySegment memory) {
    return memory.getClass() == NATIVE;
  }

  /**
   * Stands at the head of a method with a loop over such a segment.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static void require(MemorySegment memory) {
    if (memory.getClass() != NATIVE) {
      throw new IllegalArgumentException("a segment of native memory that no file is mapped to is needed, not " + memory);
    }
  }
}
