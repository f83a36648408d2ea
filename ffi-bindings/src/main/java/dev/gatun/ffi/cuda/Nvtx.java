package dev.gatun.ffi.cuda;

import static dev.gatun.ffi.cuda.Downcall.call;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Named ranges that profilers show, where the NVTX library is. Without a profiler a range costs a call that does nothing. */
public final class Nvtx {
  private static final List<String> PLACES = List.of("libnvtx3interop.so.1", "libnvToolsExt.so.1", "/usr/local/cuda/lib64/libnvtx3interop.so.1",
      "nvtx3interop.dll", "nvToolsExt64_1.dll");

  private static final class Functions extends LibraryFunctions {
    final Entry nvtxRangePush = required("nvtxRangePushA", "L");
    final Entry nvtxRangePop = required("nvtxRangePop", "");

    Functions(DynamicLibrary library) {
      super(library, library.name());
    }
  }

  private static final class Found {
    static final Optional<Nvtx> NVTX = DynamicLibrary.firstOf(PLACES).flatMap(Nvtx::complete);
  }

  /** A range that ends when it is closed, by the thread that opened it. */
  public interface Range extends AutoCloseable {
    @Override
    void close();
  }

  private final Functions functions;

  private Nvtx(Functions functions) {
    this.functions = functions;
  }

  /** The system's library; empty when there is none. */
  public static Optional<Nvtx> find() {
    return Found.NVTX;
  }

  /** This library; empty when it is none. */
  public static Optional<Nvtx> find(Path library) {
    return DynamicLibrary.firstOf(List.of(library.toAbsolutePath().toString())).flatMap(Nvtx::complete);
  }

  private static Optional<Nvtx> complete(DynamicLibrary library) {
    Functions functions = new Functions(library);
    return functions.missing().isEmpty() ? Optional.of(new Nvtx(functions)) : Optional.empty();
  }

  /** Begins a range of the calling thread inside those that it has open; the result ends it. */
  public Range range(String name) {
    push(name);
    return this::pop;
  }

  /** Begins a range of the calling thread; its depth, from 0, or a negative number when no profiler listens. */
  public int push(String name) {
    try (Arena arena = Arena.ofConfined()) {
      return call(functions.nvtxRangePush, arena.allocateFrom(name).address());
    }
  }

  /** Ends the calling thread's innermost range; its depth, or a negative number when no profiler listens. */
  public int pop() {
    return call(functions.nvtxRangePop);
  }
}
