package dev.gatun.cpu.library;

import dev.gatun.DType;
import dev.gatun.cpu.format.Dequantizer;
import dev.gatun.cpu.op.RowMath;
import java.lang.foreign.MemorySegment;

/**
 * The loops over rows that every decoded token runs, by functions in C; the others by {@code java}. Until the JVM has compiled a loop of the Vector API, which
 * makes an object of each vector, a prompt's first step would wait for it. As with {@link NativeKernel}, all that is read and written is checked to be there
 * first.
 */
final class NativeRowMath extends RowMath {
  private final NativeLibrary library;
  private final NativeLevel level;
  private final RowMath java;
  /** GGUF's number of each type that there is a loop in C for; −1 of the others. */
  private final int[] widened = new int[DType.values().length];

  NativeRowMath(NativeLibrary library, NativeLevel level, RowMath java) {
    this.library = library;
    this.level = level;
    this.java = java;
    for (DType type : DType.values()) {
      int number = NativeKernels.number(type);
      widened[type.ordinal()] = number >= 0 && library.widens(level, number) ? number : -1;
    }
  }

  @Override
  public void addRows(MemorySegment a, long ao, long aRow, MemorySegment b, long bo, long bRow, MemorySegment y, long yo, long yRow, int rows, int n) {
    if (rows > 0 && n > 0) {
      check("a", a, ao, aRow, rows, n);
      check("b", b, bo, bRow, rows, n);
      check("y", y, yo, yRow, rows, n);
      call(library.add(), a, ao, aRow, b, bo, bRow, y, yo, yRow, rows, n);
    }
  }

  @Override
  public void siluMulRows(MemorySegment gate, long go, long gateRow, MemorySegment up, long uo, long upRow, MemorySegment y, long yo, long yRow, int rows,
      int n) {
    if (rows > 0 && n > 0) {
      check("gate", gate, go, gateRow, rows, n);
      check("up", up, uo, upRow, rows, n);
      check("y", y, yo, yRow, rows, n);
      call(library.siluMul(), gate, go, gateRow, up, uo, upRow, y, yo, yRow, rows, n);
    }
  }

  @Override
  public void scaleRows(MemorySegment x, long xo, long xRow, MemorySegment factors, long fo, long factorBytes, MemorySegment y, long yo, long yRow, int rows,
      int n) {
    if (rows > 0 && n > 0) {
      check("x", x, xo, xRow, rows, n);
      check("factors", factors, fo, factorBytes, rows, 1);
      check("y", y, yo, yRow, rows, n);
      call(library.scale(), x, xo, xRow, factors, fo, factorBytes, y, yo, yRow, rows, n);
    }
  }

  private void call(MemorySegment function, MemorySegment a, long ao, long aRow, MemorySegment b, long bo, long bRow, MemorySegment y, long yo, long yRow,
      int rows, int n) {
    try {
      Calls.THREE_ROWS.invokeExact(function, level.number(), a, ao, aRow, b, bo, bRow, y, yo, yRow, rows, (long) n);
    } catch (Throwable t) {
      throw Calls.failure(t);
    }
  }

  @Override
  public void rmsNormRows(MemorySegment x, long xo, long xRow, MemorySegment weight, long wo, float eps, MemorySegment y, long yo, long yRow, int rows, int n) {
    if (rows <= 0 || n <= 0) {
      return;
    }
    check("x", x, xo, xRow, rows, n);
    check("weight", weight, wo, 0, 1, n);
    check("y", y, yo, yRow, rows, n);
    try {
      Calls.RMS_NORM.invokeExact(library.rmsNorm(), level.number(), x, xo, xRow, weight, wo, eps, y, yo, yRow, rows, (long) n);
    } catch (Throwable t) {
      throw Calls.failure(t);
    }
  }

  @Override
  public void rotateRows(boolean interleaved, MemorySegment x, long xo, long xRow, MemorySegment table, long to, MemorySegment y, long yo, long yRow, int rows,
      int dims, int n) {
    if (rows <= 0 || n <= 0) {
      return;
    }
    if (dims < 0 || dims > n || dims % 2 != 0) {
      throw new IllegalArgumentException("rotate_" + level.label() + ": " + dims + " elements of rows of " + n + " do not turn in pairs");
    }
    check("x", x, xo, xRow, rows, n);
    check("table", table, to, 0, 1, interleaved ? 2 * dims : dims);
    check("y", y, yo, yRow, rows, n);
    try {
      Calls.ROTATE.invokeExact(library.rotate(), level.number(), interleaved ? 1 : 0, x, xo, xRow, table, to, y, yo, yRow, rows, (long) dims, (long) n);
    } catch (Throwable t) {
      throw Calls.failure(t);
    }
  }

  @Override
  public void largest(MemorySegment x, long xo, int n, int first, MemorySegment found, long fo) {
    if (n <= 0) {
      java.largest(x, xo, n, first, found, fo);
      return;
    }
    check("x", x, xo, 0, 1, n);
    check("found", found, fo, 0, 1, 2);
    try {
      Calls.LARGEST.invokeExact(library.largest(), level.number(), x, xo, (long) n, first, found, fo);
    } catch (Throwable t) {
      throw Calls.failure(t);
    }
  }

  private void check(String name, MemorySegment memory, long offset, long rowBytes, int rows, int n) {
    checkBytes(name, memory, offset, rowBytes, rows, 4L * n);
  }

  private void checkBytes(String name, MemorySegment memory, long offset, long rowBytes, int rows, long lastBytes) {
    if (!memory.isNative()) {
      throw new IllegalArgumentException("rows_" + level.label() + ": " + name + " lies in a Java array; C kernels take memory of an Arena");
    }
    long bytes = (rows - 1) * rowBytes + lastBytes;
    if ((offset | rowBytes) < 0 || bytes > memory.byteSize() - offset) {
      throw new IndexOutOfBoundsException("rows_" + level.label() + ": " + bytes + " bytes of " + name + " from byte " + offset
          + " on do not lie in its " + memory.byteSize() + " bytes");
    }
  }

  @Override
  public float dot(MemorySegment a, long ao, MemorySegment b, long bo, int n) {
    return java.dot(a, ao, b, bo, n);
  }

  @Override
  public void dots(MemorySegment x, long xo, long xStride, int queries, MemorySegment rows, long ro, long stride, int count, int n, float scale,
      MemorySegment out, long oo, long outStride) {
    java.dots(x, xo, xStride, queries, rows, ro, stride, count, n, scale, out, oo, outStride);
  }

  @Override
  public void accumulate(MemorySegment p, long po, long pStride, int queries, int count, MemorySegment rows, long ro, long stride, MemorySegment y,
      long yo, long yStride, int n) {
    java.accumulate(p, po, pStride, queries, count, rows, ro, stride, y, yo, yStride, n);
  }

  @Override
  public void widen(Dequantizer type, MemorySegment rows, long ro, long stride, int count, MemorySegment y, long yo, long yStride, int n) {
    int number = widened[type.type().ordinal()];
    if (number < 0) {
      java.widen(type, rows, ro, stride, count, y, yo, yStride, n);
    } else if (count > 0 && n > 0) {
      DType kind = type.type();
      if (n % kind.blockSize() != 0) {
        throw new IllegalArgumentException("widen_" + level.label() + ": rows of " + n + " elements are no whole blocks of " + kind);
      }
      checkBytes("weights", rows, ro, stride, count, kind.bytes(n));
      check("y", y, yo, yStride, count, n);
      try {
        Calls.WIDEN.invokeExact(library.widen(), level.number(), number, rows, ro, stride, y, yo, yStride, count, (long) n);
      } catch (Throwable t) {
        throw Calls.failure(t);
      }
    }
  }

  @Override
  public float sumOfSquares(MemorySegment x, long xo, int n) {
    return java.sumOfSquares(x, xo, n);
  }

  @Override
  public float max(MemorySegment x, long xo, int n) {
    return java.max(x, xo, n);
  }

  @Override
  public int indexOf(MemorySegment x, long xo, int n, float value) {
    return java.indexOf(x, xo, n, value);
  }

  @Override
  public float exp(MemorySegment x, long xo, float shift, float scale, MemorySegment y, long yo, int n) {
    return java.exp(x, xo, shift, scale, y, yo, n);
  }

  @Override
  public void add(MemorySegment a, long ao, MemorySegment b, long bo, MemorySegment y, long yo, int n) {
    addRows(a, ao, 0, b, bo, 0, y, yo, 0, 1, n);
  }

  @Override
  public void mul(MemorySegment a, long ao, MemorySegment b, long bo, MemorySegment y, long yo, int n) {
    java.mul(a, ao, b, bo, y, yo, n);
  }

  @Override
  public void scale(MemorySegment x, long xo, float factor, MemorySegment y, long yo, int n) {
    java.scale(x, xo, factor, y, yo, n);
  }

  @Override
  public void normalize(MemorySegment x, long xo, float factor, MemorySegment weight, long wo, MemorySegment y, long yo, int n) {
    java.normalize(x, xo, factor, weight, wo, y, yo, n);
  }

  @Override
  public void siluMul(MemorySegment gate, long go, MemorySegment up, long uo, MemorySegment y, long yo, int n) {
    siluMulRows(gate, go, 0, up, uo, 0, y, yo, 0, 1, n);
  }

  @Override
  public void geluTanh(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    java.geluTanh(x, xo, y, yo, n);
  }

  @Override
  public void softcap(MemorySegment x, long xo, float cap, MemorySegment y, long yo, int n) {
    java.softcap(x, xo, cap, y, yo, n);
  }

  @Override
  public void rotateHalves(MemorySegment x, long xo, MemorySegment table, long to, MemorySegment y, long yo, int half) {
    rotateRows(false, x, xo, 0, table, to, y, yo, 0, 1, 2 * half, 2 * half);
  }

  @Override
  public void rotatePairs(MemorySegment x, long xo, MemorySegment table, long to, MemorySegment y, long yo, int dims) {
    rotateRows(true, x, xo, 0, table, to, y, yo, 0, 1, dims, dims);
  }
}
