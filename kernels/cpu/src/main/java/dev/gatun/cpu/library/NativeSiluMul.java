package dev.gatun.cpu.library;

import dev.gatun.cpu.op.GatedUnit;
import java.lang.foreign.MemorySegment;

/** SiLU of a gate times another product, by a function in C; as with {@link NativeKernel}, all that it reads and writes is checked to be there first. */
final class NativeSiluMul implements GatedUnit {
  private final NativeLibrary library;
  private final NativeLevel level;

  NativeSiluMul(NativeLibrary library, NativeLevel level) {
    this.library = library;
    this.level = level;
  }

  @Override
  public void apply(MemorySegment gate, long gateOffset, long gateRowBytes, MemorySegment up, long upOffset, long upRowBytes, MemorySegment y, long yOffset,
      long yRowBytes, int rows, int n) {
    if (rows <= 0 || n <= 0) {
      return;
    }
    check("gate", gate, gateOffset, gateRowBytes, rows, n);
    check("up", up, upOffset, upRowBytes, rows, n);
    check("y", y, yOffset, yRowBytes, rows, n);
    try {
      Calls.SILU_MUL.invokeExact(library.siluMul(), level.number(), gate, gateOffset, gateRowBytes, up, upOffset, upRowBytes, y, yOffset, yRowBytes, rows,
          (long) n);
    } catch (Throwable t) {
      throw Calls.failure(t);
    }
  }

  private void check(String name, MemorySegment memory, long offset, long rowBytes, int rows, int n) {
    if (!memory.isNative()) {
      throw new IllegalArgumentException("silu_mul_" + level.label() + ": " + name + " lies in a Java array; C kernels take memory of an Arena");
    }
    long bytes = (rows - 1) * rowBytes + 4L * n;
    if ((offset | rowBytes) < 0 || bytes > memory.byteSize() - offset) {
      throw new IndexOutOfBoundsException("silu_mul_" + level.label() + ": " + bytes + " bytes of " + name + " from byte " + offset
          + " on do not lie in its " + memory.byteSize() + " bytes");
    }
  }
}
