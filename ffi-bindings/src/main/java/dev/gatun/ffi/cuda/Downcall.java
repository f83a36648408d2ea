package dev.gatun.ffi.cuda;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Calls of C functions that return an int, one method a shape of parameters. The handles are made without a symbol and take the code's
 * address first, so that they are constants for the JIT compiler while several libraries are loaded. Pointers travel as 8-byte integers: the
 * calling conventions of every 64-bit platform pass both alike. No call is a critical one: the driver takes locks that a thread which is
 * stopped at a safepoint may hold.
 */
final class Downcall {
  private static final MethodHandle NONE = handle("");
  private static final MethodHandle I = handle("I");
  private static final MethodHandle L = handle("L");
  private static final MethodHandle IL = handle("IL");
  private static final MethodHandle LI = handle("LI");
  private static final MethodHandle LL = handle("LL");
  private static final MethodHandle LII = handle("LII");
  private static final MethodHandle LIL = handle("LIL");
  private static final MethodHandle LLI = handle("LLI");
  private static final MethodHandle LLL = handle("LLL");
  private static final MethodHandle LILL = handle("LILL");
  private static final MethodHandle LLIL = handle("LLIL");
  private static final MethodHandle LLLL = handle("LLLL");
  private static final MethodHandle LLILL = handle("LLILL");
  private static final MethodHandle LLLLL = handle("LLLLL");
  private static final MethodHandle LLLILL = handle("LLLILL");
  private static final MethodHandle LLLLLL = handle("LLLLLL");

  /** Made on first use: only the optional libraries tell an error's text so. */
  private static final class Text {
    @SuppressWarnings("restricted")
    static final MethodHandle I = Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
  }

  private Downcall() {}

  /** A handle for a shape that has no method here; its first parameter is the code's address. */
  @SuppressWarnings("restricted")
  static MethodHandle handle(String shape) {
    MemoryLayout[] parameters = new MemoryLayout[shape.length()];
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] = shape.charAt(i) == 'L' ? ValueLayout.JAVA_LONG : ValueLayout.JAVA_INT;
    }
    return Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(ValueLayout.JAVA_INT, parameters));
  }

  static int call(Entry entry) {
    try {
      return (int) NONE.invokeExact(entry.code(""));
    } catch (Throwable t) {
      throw broken(entry, t);
    }
  }

  static int call(Entry entry, int a) {
    try {
      return (int) I.invokeExact(entry.code("I"), a);
    } catch (Throwable t) {
      throw broken(entry, t);
    }
  }

  static int call(Entry entry, long a) {
    try {
      return (int) L.invokeExact(entry.code("L"), a);
    } catch (Throwable t) {
      throw broken(entry, t);
    }
  }

  static int call(Entry entry, int a, long b) {
    try {
      return (int) IL.invokeExact(entry.code("IL"), a, b);
    } catch (Throwable t) {
      throw broken(entry, t);
    }
  }

  static int call(Entry entry, long a, int b) {
    try {
      return (int) LI.invokeExact(entry.code("LI"), a, b);
    } catch (Throwable t) {
      throw broken(entry, t);
    }
  }

  static int call(Entry entry, long a, long b) {
    try {
      return (int) LL.invokeExact(entry.code("LL"), a, b);
    } catch (Throwable t) {
      throw broken(entry, t);
    }
  }

  static int call(Entry entry, long a, int b, int c) {
    try {
      return (int) LII.invokeExact(entry.code("LII"), a, b, c);
    } catch (Throwable t) {
      throw broken(entry, t);
    }
  }

  static int call(Entry entry, long a, int b, long c) {
    try {
      return (int) LIL.invokeExact(entry.code("LIL"), a, b, c);
    } catch (Throwable t) {
      throw broken(entry, t);
    }
  }

  static int call(Entry entry, long a, long b, int c) {
    try {
      return (int) LLI.invokeExact(entry.code("LLI"), a, b, c);
    } catch (Throwable t) {
      throw broken(entry, t);
    }
  }

  static int call(Entry entry, long a, long b, long c) {
    try {
      return (int) LLL.invokeExact(entry.code("LLL"), a, b, c);
    } catch (Throwable t) {
      throw broken(entry, t);
    }
  }

  static int call(Entry entry, long a, int b, long c, long d) {
    try {
      return (int) LILL.invokeExact(entry.code("LILL"), a, b, c, d);
    } catch (Throwable t) {
      throw broken(entry, t);
    }
  }

  static int call(Entry entry, long a, long b, int c, long d) {
    try {
      return (int) LLIL.invokeExact(entry.code("LLIL"), a, b, c, d);
    } catch (Throwable t) {
      throw broken(entry, t);
    }
  }

  static int call(Entry entry, long a, long b, long c, long d) {
    try {
      return (int) LLLL.invokeExact(entry.code("LLLL"), a, b, c, d);
    } catch (Throwable t) {
      throw broken(entry, t);
    }
  }

  static int call(Entry entry, long a, long b, int c, long d, long e) {
    try {
      return (int) LLILL.invokeExact(entry.code("LLILL"), a, b, c, d, e);
    } catch (Throwable t) {
      throw broken(entry, t);
    }
  }

  static int call(Entry entry, long a, long b, long c, long d, long e) {
    try {
      return (int) LLLLL.invokeExact(entry.code("LLLLL"), a, b, c, d, e);
    } catch (Throwable t) {
      throw broken(entry, t);
    }
  }

  static int call(Entry entry, long a, long b, long c, int d, long e, long f) {
    try {
      return (int) LLLILL.invokeExact(entry.code("LLLILL"), a, b, c, d, e, f);
    } catch (Throwable t) {
      throw broken(entry, t);
    }
  }

  static int call(Entry entry, long a, long b, long c, long d, long e, long f) {
    try {
      return (int) LLLLLL.invokeExact(entry.code("LLLLLL"), a, b, c, d, e, f);
    } catch (Throwable t) {
      throw broken(entry, t);
    }
  }

  /** The text that a function of a status returns; empty when there is no such function. */
  static String text(Entry entry, int status) {
    if (!entry.isPresent()) {
      return "";
    }
    try {
      return NativeText.at((long) Text.I.invokeExact(entry.code("I"), status));
    } catch (Throwable t) {
      throw broken(entry, t);
    }
  }

  /** What a call throws by itself: that the function is missing, or an error of the JVM. */
  static RuntimeException broken(Entry entry, Throwable t) {
    return switch (t) {
      case RuntimeException thrown -> thrown;
      case Error thrown -> throw thrown;
      default -> new IllegalStateException(entry.name() + " could not be called", t);
    };
  }
}
