package dev.gatun.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the process holds beside the Java heap. Resident memory would tell more of the collector than of a leak: it counts the heap's pages, which
 * come and go.
 */
final class NativeMemory {
  /** {@code struct mallinfo2} of glibc: ten {@code size_t}. */
  private static final int FIELDS = 10;
  private static final int MAPPED = 4;
  private static final int USED = 7;

  private NativeMemory() {}

  /** Bytes that {@code malloc} has given out and not been given back: the emulator's, and those of arenas. Skips the test without glibc. */
  @SuppressWarnings("restricted")
  static long allocated() {
    MemorySegment mallinfo2 = Linker.nativeLinker().defaultLookup().find("mallinfo2").orElse(MemorySegment.NULL);
    assumeTrue(mallinfo2.address() != 0, "the C library does not count what it allocates");
    MethodHandle call = Linker.nativeLinker().downcallHandle(mallinfo2,
        FunctionDescriptor.of(MemoryLayout.structLayout(MemoryLayout.sequenceLayout(FIELDS, ValueLayout.JAVA_LONG))));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = (MemorySegment) call.invokeExact((SegmentAllocator) arena);
      return info.getAtIndex(ValueLayout.JAVA_LONG, MAPPED) + info.getAtIndex(ValueLayout.JAVA_LONG, USED);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** Bytes of address space that are mapped: the heap's are from the start, so what grows is mapped files, threads and large allocations. */
  static long mapped() {
    Path status = Path.of("/proc/self/status");
    assumeTrue(Files.isReadable(status), "no /proc to read the size of the process from");
    try {
      return Files.readAllLines(status).stream().filter(line -> line.startsWith("VmSize:"))
          .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", ""))).findFirst().orElseThrow();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
