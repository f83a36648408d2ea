package dev.gatun.cpu.library;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.invoke.MethodHandle;

/**
 * How the functions of {@code gatun_cpu.h} are called; the first argument of each handle is the function's address. Used only once a library
 * is loaded.
 */
@SuppressWarnings("restricted")
final class Calls {
  /** {@code gatun_cpu_abi} and {@code gatun_cpu_level}. */
  static final MethodHandle NUMBER = Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(JAVA_INT));

  /** {@code gatun_cpu_activation_form}, {@code gatun_cpu_attends} and {@code gatun_cpu_widens}. */
  static final MethodHandle FORM = Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));

  /** {@code gatun_cpu_activation_bytes}. */
  static final MethodHandle BYTES = Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG));

  /** {@code gatun_cpu_activate}. */
  static final MethodHandle ACTIVATE = of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_INT,
      JAVA_INT);

  /** {@code gatun_cpu_matmul}. */
  static final MethodHandle MATMUL = of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG,
      JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);

  /** {@code gatun_cpu_attend_bytes}. */
  static final MethodHandle ATTEND_BYTES = Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT));

  /** {@code gatun_cpu_attend}. */
  static final MethodHandle ATTEND = of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG,
      JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_FLOAT, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

  /** {@code gatun_cpu_silu_mul}, {@code gatun_cpu_add} and {@code gatun_cpu_scale}. */
  static final MethodHandle THREE_ROWS = of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_INT,
      JAVA_LONG);

  /** {@code gatun_cpu_rms_norm}. */
  static final MethodHandle RMS_NORM = of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_FLOAT, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_INT,
      JAVA_LONG);

  /** {@code gatun_cpu_rotate}. */
  static final MethodHandle ROTATE = of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_INT,
      JAVA_LONG, JAVA_LONG);

  /** {@code gatun_cpu_largest}. */
  static final MethodHandle LARGEST = of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);

  /** {@code gatun_cpu_widen}. */
  static final MethodHandle WIDEN = of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG);

  private Calls() {}

  private static MethodHandle of(MemoryLayout... arguments) {
    return Linker.nativeLinker().downcallHandle(FunctionDescriptor.ofVoid(arguments));
  }

  /** What to throw for a call that failed: since the functions throw nothing, an error of the JVM's, or that an arena is closed. */
  static RuntimeException failure(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    return thrown instanceof RuntimeException known ? known : new IllegalStateException(thrown);
  }
}
