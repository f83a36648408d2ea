package dev.gatun.ffi.cuda;

import static dev.gatun.ffi.cuda.Downcall.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** NVIDIA's runtime compiler for CUDA C++, where a toolkit has installed it. It stays loaded. */
public final class Nvrtc {
  private static final List<String> PLACES = List.of("libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so", "/usr/local/cuda/lib64/libnvrtc.so",
      "nvrtc64_130_0.dll", "nvrtc64_120_0.dll");
  private static final int COMPILATION = 6;

  private static final class Functions extends LibraryFunctions {
    final Entry nvrtcVersion = required("nvrtcVersion", "LL");
    final Entry nvrtcGetErrorString = required("nvrtcGetErrorString", "I");
    final Entry nvrtcCreateProgram = required("nvrtcCreateProgram", "LLLILL");
    final Entry nvrtcDestroyProgram = required("nvrtcDestroyProgram", "L");
    final Entry nvrtcCompileProgram = required("nvrtcCompileProgram", "LIL");
    final Entry nvrtcGetProgramLogSize = required("nvrtcGetProgramLogSize", "LL");
    final Entry nvrtcGetProgramLog = required("nvrtcGetProgramLog", "LL");
    final Entry nvrtcGetPTXSize = required("nvrtcGetPTXSize", "LL");
    final Entry nvrtcGetPTX = required("nvrtcGetPTX", "LL");
    final Entry nvrtcGetCUBINSize = optional("nvrtcGetCUBINSize", "LL");
    final Entry nvrtcGetCUBIN = optional("nvrtcGetCUBIN", "LL");

    Functions(DynamicLibrary library) {
      super(library, library.name());
    }
  }

  private static final class Found {
    static final Optional<Nvrtc> NVRTC = DynamicLibrary.firstOf(PLACES).flatMap(Nvrtc::complete);
  }

  private final Functions functions;

  private Nvrtc(Functions functions) {
    this.functions = functions;
  }

  /** The system's library; empty when there is none. */
  public static Optional<Nvrtc> find() {
    return Found.NVRTC;
  }

  /** This library; empty when it is none. */
  public static Optional<Nvrtc> find(Path library) {
    return DynamicLibrary.firstOf(List.of(library.toAbsolutePath().toString())).flatMap(Nvrtc::complete);
  }

  private static Optional<Nvrtc> complete(DynamicLibrary library) {
    Functions functions = new Functions(library);
    return functions.missing().isEmpty() ? Optional.of(new Nvrtc(functions)) : Optional.empty();
  }

  /** Its version as 1000 × major + 10 × minor, like a driver's. */
  public int version() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment parts = arena.allocate(ValueLayout.JAVA_INT, 2);
      check(functions.nvrtcVersion, call(functions.nvrtcVersion, parts.address(), parts.address() + Integer.BYTES), "");
      return 1000 * parts.get(ValueLayout.JAVA_INT, 0) + 10 * parts.get(ValueLayout.JAVA_INT, Integer.BYTES);
    }
  }

  /**
   * Compiles to PTX text, ended by a NUL, as {@link Context#loadModule} takes it.
   *
   * @param name what messages call the source
   * @param options as {@code --gpu-architecture=compute_80}
   * @throws LibraryException with the compiler's log
   */
  public byte[] ptx(String source, String name, String... options) {
    return compiled(source, name, options, functions.nvrtcGetPTXSize, functions.nvrtcGetPTX);
  }

  /** Compiles to a cubin for one real architecture, as {@code --gpu-architecture=sm_80}; else as {@link #ptx}. */
  public byte[] cubin(String source, String name, String... options) {
    return compiled(source, name, options, functions.nvrtcGetCUBINSize, functions.nvrtcGetCUBIN);
  }

  private byte[] compiled(String source, String name, String[] options, Entry size, Entry content) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment program = arena.allocate(ValueLayout.JAVA_LONG);
      check(functions.nvrtcCreateProgram, call(functions.nvrtcCreateProgram, program.address(), arena.allocateFrom(source).address(),
          arena.allocateFrom(name).address(), 0, 0L, 0L), name);
      try {
        long handle = program.get(ValueLayout.JAVA_LONG, 0);
        MemorySegment texts = arena.allocate(ValueLayout.JAVA_LONG, Math.max(1, options.length));
        for (int i = 0; i < options.length; i++) {
          texts.setAtIndex(ValueLayout.JAVA_LONG, i, arena.allocateFrom(options[i]).address());
        }
        int result = call(functions.nvrtcCompileProgram, handle, options.length, texts.address());
        check(functions.nvrtcCompileProgram, result, result == COMPILATION ? log(handle, arena) : name + " with " + String.join(" ", options));
        return content(handle, size, content, arena).toArray(ValueLayout.JAVA_BYTE);
      } finally {
        call(functions.nvrtcDestroyProgram, program.address());
      }
    }
  }

  private String log(long program, Arena arena) {
    return NativeText.in(content(program, functions.nvrtcGetProgramLogSize, functions.nvrtcGetProgramLog, arena));
  }

  private MemorySegment content(long program, Entry size, Entry content, Arena arena) {
    MemorySegment bytes = arena.allocate(ValueLayout.JAVA_LONG);
    check(size, call(size, program, bytes.address()), "");
    MemorySegment to = arena.allocate(Math.max(1, bytes.get(ValueLayout.JAVA_LONG, 0)));
    check(content, call(content, program, to.address()), "");
    return to;
  }

  private void check(Entry entry, int result, String detail) {
    if (result != 0) {
      throw new LibraryException(functions.library(), entry.name(), result, Downcall.text(functions.nvrtcGetErrorString, result), detail);
    }
  }
}
