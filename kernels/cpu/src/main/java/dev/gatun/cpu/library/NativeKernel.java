package dev.gatun.cpu.library;

import dev.gatun.DType;
import dev.gatun.cpu.matmul.MatmulKernel;
import java.lang.foreign.MemorySegment;

/**
 * Matmul by a kernel in C, which reads weights in place. A call is a tile's. Every row that it reads or writes is checked to lie in its
 * segment first.
 */
final class NativeKernel extends MatmulKernel {
  private static final int LINE = 64;

  private final NativeLibrary library;
  private final NativeLevel level;
  private final DType type;
  private final int number;
  private final int form;

  NativeKernel(NativeLibrary library, NativeLevel level, DType type, int number, int form) {
    this.library = library;
    this.level = level;
    this.type = type;
    this.number = number;
    this.form = form;
  }

  @Override
  public long activationBytes(int k) {
    return form == 0 ? 0 : library.activationBytes(level, number, k);
  }

  @Override
  public String activationForm() {
    return form == 0 ? super.activationForm() : level.label() + " " + form;
  }

  @Override
  public void activate(MemorySegment x, long xOffset, long xRowBytes, int rows, int k, MemorySegment act, long actOffset, int m0, int m1) {
    if (form == 0 || m1 <= m0) {
      return;
    }
    long bytes = activationBytes(k);
    check("x", x, xOffset, xRowBytes, m0, m1, 0, 4L * k);
    check("act", act, actOffset, bytes, m0, m1, 0, bytes);
    aligned(act, actOffset, bytes);
    writable("act", act);
    try {
      Calls.ACTIVATE.invokeExact(library.activate(), level.number(), number, x, xOffset, xRowBytes, rows, (long) k, act, actOffset, m0, m1);
    } catch (Throwable t) {
      throw Calls.failure(t);
    }
  }

  @Override
  public void multiply(MemorySegment act, long actOffset, long actRowBytes, int rows, MemorySegment w, long wOffset, long wRowBytes, int k,
      int n0, int n1, MemorySegment y, long yOffset, long yRowBytes) {
    if (rows <= 0 || n1 <= n0) {
      return;
    }
    long bytes = activationBytes(k);
    check("act", act, actOffset, actRowBytes, 0, rows, 0, form == 0 ? 4L * k : bytes);
    if (form != 0) {
      aligned(act, actOffset, actRowBytes);
    }
    check("w", w, wOffset, wRowBytes, n0, n1, 0, type.bytes(k));
    check("y", y, yOffset, yRowBytes, 0, rows, 4L * n0, 4L * ((long) n1 - n0));
    writable("y", y);
    try {
      Calls.MATMUL.invokeExact(library.matmul(), level.number(), number, act, actOffset, actRowBytes, rows, w, wOffset, wRowBytes, (long) k, n0,
          n1, y, yOffset, yRowBytes);
    } catch (Throwable t) {
      throw Calls.failure(t);
    }
  }

  /** Rows [first, end) of {@code bytes} from {@code inside} of each on lie in memory that C may have. */
  private void check(String name, MemorySegment memory, long offset, long rowBytes, int first, int end, long inside, long bytes) {
    if (!memory.isNative()) {
      throw new IllegalArgumentException(name() + ": " + name + " lies in a Java array; C kernels take memory of an Arena");
    }
    long size = memory.byteSize();
    // What is left for the rows before the last; compared without a product that could overflow.
    long left = size - offset - inside - bytes;
    boolean sensible = offset >= 0 && offset <= size && rowBytes >= 0 && first >= 0 && inside >= 0 && bytes >= 0;
    if (!sensible || left < 0 || end > 1 && rowBytes > left / (end - 1)) {
      throw new IndexOutOfBoundsException(name() + ": rows " + first + " to " + end + " of " + name + ", " + bytes
          + " bytes each, " + rowBytes + " bytes from one to the next, from byte " + offset + " on, do not lie in its " + size + " bytes");
    }
  }

  private void aligned(MemorySegment act, long offset, long rowBytes) {
    if (((act.address() + offset | rowBytes) & LINE - 1) != 0) {
      throw new IllegalArgumentException(name() + ": activations in its own form lie at multiples of " + LINE + " bytes");
    }
  }

  private void writable(String name, MemorySegment memory) {
    if (memory.isReadOnly()) {
      throw new IllegalArgumentException(name() + ": " + name + " is read-only memory, and results are written to it");
    }
  }

  private String name() {
    return "matmul_" + type.label() + "_" + level.label();
  }
}
