package dev.gatun.c;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** What the system's loader has to say about a library that did not load, where it can be asked: a dependency that is missing, for one. */
final class LoaderReason {
  private static final int LONGEST = 1 << 12;
  private static final int LAZILY = 1;

  private LoaderReason() {}

  @SuppressWarnings("restricted")
  static Optional<String> of(String library) {
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> open = linker.defaultLookup().find("dlopen");
    Optional<MemorySegment> error = linker.defaultLookup().find("dlerror");
    if (open.isEmpty() || error.isEmpty()) {
      return Optional.empty();
    }
    try (Arena arena = Arena.ofConfined()) {
      MethodHandle dlopen = linker.downcallHandle(open.get(), FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS,
          ValueLayout.JAVA_INT));
      MethodHandle dlerror = linker.downcallHandle(error.get(), FunctionDescriptor.of(ValueLayout.ADDRESS));
      MemorySegment opened = (MemorySegment) dlopen.invokeExact(arena.allocateFrom(library), LAZILY);
      MemorySegment text = (MemorySegment) dlerror.invokeExact();
      return opened.address() != 0 || text.address() == 0 ? Optional.empty() : Optional.of(Structs.text(text.reinterpret(LONGEST)));
    } catch (Throwable t) {
      return Optional.empty();
    }
  }
}
