package dev.gatun.bench.call;

import dev.gatun.bench.NotRunException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A loop in C over a function of the driver, through a pointer as {@code dlsym} gives it, that times itself: what a call costs without Java. Compiled by the machine's
 * {@code cc} when it is first asked for.
 */
final class CLoop {
  private static final String SOURCE = """
      #include <stdint.h>
      #include <time.h>
      typedef int (*call4)(uint64_t, uint64_t, uint64_t, uint64_t);
      static int64_t now(void) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
      }
      int64_t gatun_loop(void* function, uint64_t a, uint64_t b, uint64_t c, uint64_t d, int64_t times, int* failed) {
        call4 f = (call4)function;
        int all = 0;
        int64_t started = now();
        for (int64_t i = 0; i < times; i++) all |= f(a, b, c, d);
        int64_t ended = now();
        *failed = all;
        return ended - started;
      }
      """;
  private static final int SECONDS_TO_COMPILE = 60;

  private static MethodHandle compiled;

  private final MethodHandle loop;
  private final MemorySegment function;
  private final MemorySegment failed = Arena.ofAuto().allocate(ValueLayout.JAVA_INT);

  /** Over the function of that name. @throws NotRunException where there is no compiler */
  @SuppressWarnings("restricted")
  CLoop(String library, String name) {
    SymbolLookup symbols = library.contains("/") ? SymbolLookup.libraryLookup(Path.of(library), Arena.global())
        : SymbolLookup.libraryLookup(library, Arena.global());
    this.function = symbols.find(name).orElseThrow(() -> new NotRunException(library + " has no " + name));
    this.loop = compiled();
  }

  /**
   * Calls the function so often. Arguments beyond its own are not looked at: the calling conventions of 64-bit platforms pass four integers in registers.
   *
   * @return nanoseconds of all calls
   */
  long nanos(long a, long b, long c, long d, long times) {
    long nanos;
    try {
      nanos = (long) loop.invokeExact(function, a, b, c, d, times, failed);
    } catch (Throwable t) {
      throw new IllegalStateException("the loop in C could not be called", t);
    }
    if (failed.get(ValueLayout.JAVA_INT, 0) != 0) {
      throw new IllegalStateException("a call from C failed; bits of its results: " + failed.get(ValueLayout.JAVA_INT, 0));
    }
    return nanos;
  }

  @SuppressWarnings("restricted")
  private static synchronized MethodHandle compiled() {
    if (compiled == null) {
      FunctionDescriptor shape = FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS);
      compiled = Linker.nativeLinker().downcallHandle(SymbolLookup.libraryLookup(library(), Arena.global()).find("gatun_loop").orElseThrow(), shape);
    }
    return compiled;
  }

  private static Path library() {
    try {
      Path folder = Files.createTempDirectory("gatun-bench-loop");
      Path source = Files.writeString(folder.resolve("loop.c"), SOURCE, StandardCharsets.US_ASCII);
      Path library = folder.resolve("loop.so");
      Path log = folder.resolve("log");
      for (Path file : List.of(folder, source, library, log)) {
        file.toFile().deleteOnExit();
      }
      Process cc = new ProcessBuilder("cc", "-O2", "-shared", "-fPIC", "-o", library.toString(), source.toString()).redirectErrorStream(true)
          .redirectOutput(log.toFile()).start();
      if (!cc.waitFor(SECONDS_TO_COMPILE, TimeUnit.SECONDS) || cc.exitValue() != 0) {
        cc.destroyForcibly();
        throw new NotRunException("cc does not compile the loop in C: " + Files.readString(log).lines().findFirst().orElse("it says nothing"));
      }
      return library;
    } catch (IOException e) {
      throw new NotRunException("there is no C compiler (" + e.getMessage() + "); install one that is called cc");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new NotRunException("interrupted while cc ran");
    }
  }
}
