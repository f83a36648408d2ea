package dev.gatun.bench.call;

import static org.junit.jupiter.api.Assumptions.abort;

import dev.gatun.bench.NotRunException;
import dev.gatun.ffi.cuda.Cuda;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** The emulator under the name of the driver, with JCuda over it; what needs it is skipped, with the reason, where one of them is not there. */
final class EmulatedDriver {
  private final MethodHandle calls;
  private final Cuda cuda;

  @SuppressWarnings("restricted")
  private EmulatedDriver(Cuda cuda) {
    this.cuda = cuda;
    this.calls = Linker.nativeLinker().downcallHandle(SymbolLookup.libraryLookup(Path.of(cuda.library()), Arena.global()).find("gatun_emulator_calls").orElseThrow(),
        FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));
  }

  static EmulatedDriver orSkip() {
    try {
      return new EmulatedDriver(DriverLibrary.openWithJCuda(DriverLibrary.EMULATOR));
    } catch (NotRunException e) {
      System.getLogger("dev.gatun.bench").log(System.Logger.Level.WARNING, "SKIPPED: {0}", e.getMessage());
      return abort(e.getMessage());
    }
  }

  Cuda cuda() {
    return cuda;
  }

  long calls(String function) {
    try (Arena arena = Arena.ofConfined()) {
      return (long) calls.invokeExact(arena.allocateFrom(function));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }
}
