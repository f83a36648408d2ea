package dev.gatun.c;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;

/**
 * A function of a library that returns an int. Its shape has a letter for each parameter: L a pointer or a 64-bit integer, I an int, F a
 * float.
 * Pointers travel as 8-byte integers: the calling conventions of every 64-bit platform pass both alike.
 *
 * @param name its name
 * @param code where it begins
 * @param handle what calls it
 */
record CFunction(String name, MemorySegment code, MethodHandle handle) {
  @SuppressWarnings("restricted")
  static CFunction of(String name, MemorySegment code, String shape) {
    return new CFunction(name, code, Linker.nativeLinker().downcallHandle(code, FunctionDescriptor.of(ValueLayout.JAVA_INT,
        parameters(shape))));
  }

  private static MemoryLayout[] parameters(String shape) {
    return shape.chars().mapToObj(letter -> switch (letter) {
      case 'L' -> ValueLayout.JAVA_LONG;
      case 'I' -> ValueLayout.JAVA_INT;
      case 'F' -> ValueLayout.JAVA_FLOAT;
      default -> throw new IllegalArgumentException(shape);
    }).toArray(MemoryLayout[]::new);
  }

  /** What calls this with every argument but the second, a launch's stream. */
  MethodHandle bound(long device, Object[] afterStream) {
    return MethodHandles.insertArguments(MethodHandles.insertArguments(handle, 2, afterStream), 0, device);
  }

  int call() {
    try {
      return (int) handle.invokeExact();
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  int call(long a) {
    try {
      return (int) handle.invokeExact(a);
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  int call(long a, int b) {
    try {
      return (int) handle.invokeExact(a, b);
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  int call(long a, long b) {
    try {
      return (int) handle.invokeExact(a, b);
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  int call(long a, int b, long c) {
    try {
      return (int) handle.invokeExact(a, b, c);
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  int call(long a, long b, long c) {
    try {
      return (int) handle.invokeExact(a, b, c);
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  int call(long a, long b, long c, long d, long e, int f) {
    try {
      return (int) handle.invokeExact(a, b, c, d, e, f);
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  /** Of a bound handle: enqueues on a stream, or decides where that is 0. */
  int launch(MethodHandle bound, long stream) {
    try {
      return (int) bound.invokeExact(stream);
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  /** Of a function without parameters that returns a pointer. */
  @SuppressWarnings("restricted")
  long text() {
    try {
      return (long) Text.HANDLE.invokeExact(code);
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  private RuntimeException broken(Throwable t) {
    return switch (t) {
      case RuntimeException thrown -> thrown;
      case Error thrown -> throw thrown;
      default -> new IllegalStateException(name + " could not be called", t);
    };
  }

  /** Made on first use, when native access is known to be allowed. */
  private static final class Text {
    @SuppressWarnings("restricted")
    static final MethodHandle HANDLE = Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(ValueLayout.JAVA_LONG));
  }
}
