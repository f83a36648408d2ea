package dev.gatun.ffi.cuda;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The emulator's library and images, named by {@code -Dgatun.cuda.emulator} and beside it, or from the emulator's module on the class path.
 * Where that was not built it gives the reason, and the tests are skipped with it; any other absence is an error.
 */
final class Emulator {
  private static final String PROPERTY = "gatun.cuda.emulator";
  private static final String FOLDER = "META-INF/gatun/cuda-emulator/";

  private static final Map<String, MethodHandle> CONTROLS = new ConcurrentHashMap<>();

  private static final Map<String, Path> FILES = new ConcurrentHashMap<>();

  private static Cuda cuda;

  private Emulator() {}

  static synchronized Cuda cuda() {
    if (cuda == null) {
      cuda = Cuda.load(library());
    }
    return cuda;
  }

  static Path library() {
    String named = System.getProperty(PROPERTY, "");
    if (!named.isEmpty()) {
      return Path.of(named);
    }
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT).replaceAll("\\s.*", "");
    String arch = System.getProperty("os.arch").equals("amd64") ? "x86_64" : System.getProperty("os.arch");
    URL reason = resource("reason");
    if (reason != null) {
      abort("the emulator was not built: " + text(reason).strip());
    }
    URL library = resource(os + "-" + arch + "/libgatun_emulator.so");
    if (library == null) {
      throw new IllegalStateException("the emulator's module holds neither a library for " + os + "-" + arch + " nor a reason for that");
    }
    return file(library);
  }

  /** How many live objects of a kind the emulator has. */
  static long live(String kind) {
    try (Arena arena = Arena.ofConfined()) {
      return (long) control("gatun_emulator_live", FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS)).invokeExact(arena.allocateFrom(kind));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** All kinds of live objects, to compare before and after. */
  static Map<String, Long> live() {
    Map<String, Long> all = new TreeMap<>();
    for (String kind : List.of("allocations", "bytes", "streams", "events", "graphs", "graph_execs", "modules", "contexts", "host_allocations", "pools")) {
      all.put(kind, live(kind));
    }
    return all;
  }

  /** Makes the nth next call of that function fail, 1 being the next. */
  static void fail(String function, int nth, int result) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = function.equals("*") ? MemorySegment.NULL : arena.allocateFrom(function);
      int unknown = (int) control("gatun_emulator_fail", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT,
          ValueLayout.JAVA_INT)).invokeExact(name, nth, result);
      if (unknown != 0) {
        throw new IllegalArgumentException("the emulator has no " + function);
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  static void resetFaults() {
    try {
      control("gatun_emulator_reset_faults", FunctionDescriptor.ofVoid()).invokeExact();
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** How often a function was called. */
  static long calls(String function) {
    try (Arena arena = Arena.ofConfined()) {
      return (long) control("gatun_emulator_calls", FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS))
          .invokeExact(arena.allocateFrom(function));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle control(String name, FunctionDescriptor descriptor) {
    return CONTROLS.computeIfAbsent(name, n -> Linker.nativeLinker()
        .downcallHandle(SymbolLookup.libraryLookup(Path.of(cuda().library()), Arena.global()).find(n).orElseThrow(), descriptor));
  }

  /** The module image of a unit of kernels. */
  static MemorySegment image(String unit) {
    return MemorySegment.ofArray(("gatun-emulated " + unit + "\n").getBytes(java.nio.charset.StandardCharsets.US_ASCII));
  }

  private static URL resource(String name) {
    return Emulator.class.getClassLoader().getResource(FOLDER + name);
  }

  private static String text(URL url) {
    try (var bytes = url.openStream()) {
      return new String(bytes.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The library's file. A copy out of a jar is made once: each copy that is loaded would be an emulator of its own. */
  private static Path file(URL url) {
    return FILES.computeIfAbsent(url.toString(), u -> unpacked(url));
  }

  private static Path unpacked(URL url) {
    try {
      if (url.getProtocol().equals("file")) {
        return Path.of(URI.create(url.toString()));
      }
      Path folder = Files.createTempDirectory("gatun");
      Path copy = folder.resolve("libgatun_emulator.so");
      folder.toFile().deleteOnExit();
      copy.toFile().deleteOnExit();
      try (var bytes = url.openStream()) {
        Files.copy(bytes, copy, StandardCopyOption.REPLACE_EXISTING);
      }
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
