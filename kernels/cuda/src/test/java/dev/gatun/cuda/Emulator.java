package dev.gatun.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.BackendInfo;
import dev.gatun.Gatun;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** The control functions of the emulator that the backend {@code cuda-emulated} runs on. */
final class Emulator {
  static final int INVALID_VALUE = 1;
  static final int OUT_OF_MEMORY = 2;
  static final int ILLEGAL_ADDRESS = 700;
  static final int LAUNCH_FAILED = 719;
  static final int NOT_SUPPORTED = 801;

  private static final Map<String, MethodHandle> CONTROLS = new ConcurrentHashMap<>();
  private static final List<String> KINDS = List.of("allocations", "bytes", "streams", "events", "graphs", "graph_execs", "modules", "contexts",
      "host_allocations", "pools", "pending");

  private Emulator() {}

  /** Skips the calling test where the emulator was not built. */
  static void assumeBuilt() {
    BackendInfo emulated = Gatun.backends().stream().filter(b -> b.name().equals("cuda-emulated")).findFirst().orElseThrow();
    assumeTrue(emulated.isAvailable(), () -> emulated.reasons().toString());
  }

  /** What the driver holds, by kind. */
  static Map<String, Long> live() {
    Map<String, Long> all = new TreeMap<>();
    KINDS.forEach(kind -> all.put(kind, number("gatun_emulator_live", kind)));
    return all;
  }

  /** How often each function that was called so far was called. */
  static Map<String, Long> calls() {
    Map<String, Long> all = new TreeMap<>();
    for (String function : names().split("\n")) {
      long calls = calls(function);
      if (calls > 0) {
        all.put(function, calls);
      }
    }
    return all;
  }

  static long calls(String function) {
    return number("gatun_emulator_calls", function);
  }

  /** Makes the nth next call of a function fail, 1 being the next. */
  static void fail(String function, long nth, int result) {
    try (Arena arena = Arena.ofConfined()) {
      int unknown = (int) control("gatun_emulator_fail", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT,
          ValueLayout.JAVA_INT)).invokeExact(arena.allocateFrom(function), Math.toIntExact(nth), result);
      if (unknown != 0) {
        throw new IllegalArgumentException("the emulator has no " + function);
      }
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** Nothing fails any more, and a lost device works again, as it would in a new process. */
  static void reset() {
    try {
      control("gatun_emulator_reset_faults", FunctionDescriptor.ofVoid()).invokeExact();
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** Gives back what a backend could not because that very call was told to fail. */
  static void releaseContext() {
    try {
      int result = (int) control("cuDevicePrimaryCtxRelease_v2", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT)).invokeExact(0);
      if (result != 0) {
        throw new IllegalStateException("cuDevicePrimaryCtxRelease_v2 gives " + result);
      }
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  private static long number(String control, String argument) {
    try (Arena arena = Arena.ofConfined()) {
      return (long) control(control, FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS)).invokeExact(arena.allocateFrom(argument));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  @SuppressWarnings("restricted")
  private static String names() {
    try {
      MemorySegment text = (MemorySegment) control("gatun_emulator_function_names", FunctionDescriptor.of(ValueLayout.ADDRESS)).invokeExact();
      return text.reinterpret(Long.MAX_VALUE).getString(0);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle control(String name, FunctionDescriptor descriptor) {
    return CONTROLS.computeIfAbsent(name, n -> Linker.nativeLinker()
        .downcallHandle(SymbolLookup.libraryLookup(EmulatorLibrary.path(), Arena.global()).find(n).orElseThrow(), descriptor));
  }
}
