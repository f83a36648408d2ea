package dev.gatun.tck.lab;

import dev.gatun.ShapeException;
import java.util.function.Supplier;

/**
 * Calls of the backend while a case is laid out. Then an exception such as {@link IllegalArgumentException} says that the case's values
 * make no case, unless it is the backend that throws it: out of these calls it comes as a failed check.
 */
public final class Calls {
  private Calls() {}

  /** What the backend returns. @throws CheckException in place of an exception that would be taken for a wrong case */
  public static <T> T of(Supplier<T> call) {
    try {
      return call.get();
    } catch (ShapeException | ArithmeticException | IllegalArgumentException | NegativeArraySizeException e) {
      StackTraceElement[] stack = e.getStackTrace();
      throw new CheckException("threw", e + (stack.length == 0 ? "" : " at " + stack[0]));
    }
  }

  /** A call that returns nothing. @throws CheckException as {@link #of} */
  static void run(Runnable call) {
    of(() -> {
      call.run();
      return null;
    });
  }
}
