package dev.gatun.ffi.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/** A shared library that stays loaded for the life of the process, since its threads and callbacks may outlive any handle to it. */
final class DynamicLibrary {
  private final String name;
  private final SymbolLookup symbols;

  DynamicLibrary(String name, SymbolLookup symbols) {
    this.name = name;
    this.symbols = symbols;
  }

  /** Loads a library by file or, when the name has no folder in it, through the system's search path; refuses with the loader's own reason. */
  @SuppressWarnings("restricted")
  static DynamicLibrary open(String name) throws NotLoaded {
    boolean isFile = name.contains("/") || name.contains("\\");
    try {
      if (!isFile) {
        return new DynamicLibrary(name, SymbolLookup.libraryLookup(name, Arena.global()));
      }
      Path file = Path.of(name).toAbsolutePath();
      if (!Files.isRegularFile(file)) {
        throw new NotLoaded(Files.isDirectory(file) ? "is a folder" : "no such file");
      }
      if (System.getProperty("os.name").equals("Linux") && !isElf(file)) {
        throw new NotLoaded("is no ELF file");
      }
      return new DynamicLibrary(name, SymbolLookup.libraryLookup(file, Arena.global()));
    } catch (IllegalCallerException e) {
      throw new NotLoaded("native access is not allowed; start java with --enable-native-access=dev.gatun.ffi");
    } catch (IllegalArgumentException e) {
      throw new NotLoaded(loaderReason(name).orElseGet(() -> isFile ? "the system's loader refused it" : "not on the library search path"));
    }
  }

  /** The JVM's loader takes any file apart before the system's loader refuses it, and warns of what it believes to see there. */
  private static boolean isElf(Path file) throws NotLoaded {
    try (InputStream bytes = Files.newInputStream(file)) {
      return Arrays.equals(bytes.readNBytes(4), new byte[] {0x7f, 'E', 'L', 'F'});
    } catch (IOException e) {
      throw new NotLoaded("cannot be read: " + e.getMessage());
    }
  }

  /** The first that loads of these, which are tried in order. */
  static Optional<DynamicLibrary> firstOf(Iterable<String> names) {
    for (String name : names) {
      try {
        return Optional.of(open(name));
      } catch (NotLoaded e) {
        // Optional libraries are absent without harm.
      }
    }
    return Optional.empty();
  }

  String name() {
    return name;
  }

  /** A function of this library; when it is missing, calling it throws {@code absence}. */
  Entry entry(String function, String shape, String absence) {
    return new Entry(function, shape, symbols.find(function).orElse(MemorySegment.NULL), absence);
  }

  /** What {@code dlerror} says about a library that did not load, where there is such a function. */
  @SuppressWarnings("restricted")
  private static Optional<String> loaderReason(String name) {
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> open = linker.defaultLookup().find("dlopen");
    Optional<MemorySegment> error = linker.defaultLookup().find("dlerror");
    if (open.isEmpty() || error.isEmpty()) {
      return Optional.empty();
    }
    try (Arena arena = Arena.ofConfined()) {
      MethodHandle dlopen = linker.downcallHandle(open.get(), FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
      MethodHandle dlerror = linker.downcallHandle(error.get(), FunctionDescriptor.of(ValueLayout.ADDRESS));
      int lazily = 1;
      MemorySegment opened = (MemorySegment) dlopen.invokeExact(arena.allocateFrom(name), lazily);
      MemorySegment text = (MemorySegment) dlerror.invokeExact();
      return opened.address() != 0 || text.address() == 0 ? Optional.empty() : Optional.of(NativeText.at(text.address()));
    } catch (Throwable t) {
      return Optional.empty();
    }
  }

  /** Why a library did not load. */
  static final class NotLoaded extends Exception {
    private static final long serialVersionUID = 1;

    NotLoaded(String reason) {
      super(reason);
    }
  }
}
