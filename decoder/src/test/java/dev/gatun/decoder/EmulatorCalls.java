package dev.gatun.decoder;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.Backend;
import dev.gatun.BackendInfo;
import dev.gatun.Gatun;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** How often the functions of the emulated driver were called. */
final class EmulatorCalls {
  private final MethodHandle calls;

  /** Of the library that a backend {@code cuda-emulated} runs on. */
  @SuppressWarnings("restricted")
  EmulatorCalls(Backend backend) {
    this.calls = Linker.nativeLinker().downcallHandle(
        SymbolLookup.libraryLookup(Path.of(backend.device().facts().get("library")), Arena.global()).find("gatun_emulator_calls").orElseThrow(),
        FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));
  }

  /** Skips the calling test where the emulator was not built. */
  static void assumeBuilt() {
    BackendInfo emulated = Gatun.backends().stream().filter(b -> b.name().equals("cuda-emulated")).findFirst().orElseThrow();
    assumeTrue(emulated.isAvailable(), () -> emulated.reasons().toString());
  }

  /** Calls of a function since the library was loaded. */
  long of(String function) {
    try (Arena arena = Arena.ofConfined()) {
      return (long) calls.invokeExact(arena.allocateFrom(function));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** Calls of all functions since the library was loaded. */
  long ofAll() {
    try {
      return (long) calls.invokeExact(MemorySegment.NULL);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }
}
