package dev.gatun.ffi.cuda;

import static dev.gatun.ffi.cuda.Downcall.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** cuBLAS, where a toolkit has installed it: the vendor's matrix product, to compare with. It stays loaded. */
public final class Cublas {
  private static final List<String> PLACES = List.of("libcublas.so.13", "libcublas.so.12", "libcublas.so", "/usr/local/cuda/lib64/libcublas.so",
      "cublas64_13.dll", "cublas64_12.dll");

  private static final String GEMM_SHAPE = "LIIIIILLIILIILLIIII";
  private static final int TRANSPOSED = 1;
  private static final int AS_IS = 0;
  private static final int COMPUTE_32F = 68;
  private static final int DEFAULT_ALGORITHM = -1;

  /** Types of elements, numbered as {@code cudaDataType}. Sums are kept in single precision. */
  public enum Type {
    /** Single precision. */
    F32(0),
    /** Half precision. */
    F16(2),
    /** bfloat16. */
    BF16(14);

    private final int number;

    Type(int number) {
      this.number = number;
    }
  }

  private static final class Gemm {
    static final MethodHandle HANDLE = Downcall.handle(GEMM_SHAPE);
  }

  private static final class Functions extends LibraryFunctions {
    final Entry cublasCreate = required("cublasCreate_v2", "L");
    final Entry cublasDestroy = required("cublasDestroy_v2", "L");
    final Entry cublasGetVersion = required("cublasGetVersion_v2", "LL");
    final Entry cublasSetStream = required("cublasSetStream_v2", "LL");
    final Entry cublasSetWorkspace = required("cublasSetWorkspace_v2", "LLL");
    final Entry cublasGemmEx = required("cublasGemmEx", GEMM_SHAPE);
    final Entry cublasGetStatusString = optional("cublasGetStatusString", "I");

    Functions(DynamicLibrary library) {
      super(library, library.name());
    }
  }

  private static final class Found {
    static final Optional<Cublas> CUBLAS = DynamicLibrary.firstOf(PLACES).flatMap(Cublas::complete);
  }

  private final Functions functions;

  private Cublas(Functions functions) {
    this.functions = functions;
  }

  /** The system's library; empty when there is none. */
  public static Optional<Cublas> find() {
    return Found.CUBLAS;
  }

  /** This library; empty when it is none. */
  public static Optional<Cublas> find(Path library) {
    return DynamicLibrary.firstOf(List.of(library.toAbsolutePath().toString())).flatMap(Cublas::complete);
  }

  private static Optional<Cublas> complete(DynamicLibrary library) {
    Functions functions = new Functions(library);
    return functions.missing().isEmpty() ? Optional.of(new Cublas(functions)) : Optional.empty();
  }

  /** A handle that works on one stream; the caller owns it and closes it before the stream's context. */
  public Session session(Stream stream) {
    Context context = stream.context();
    return context.holding(() -> {
      Handle handle = Handle.owned("Cublas.Session", checked(context, functions.cublasCreate, out -> call(functions.cublasCreate, out)));
      try {
        long address = handle.get();
        long queue = stream.address();
        checked(context, functions.cublasSetStream, out -> call(functions.cublasSetStream, address, queue));
        return new Session(context, handle);
      } catch (RuntimeException e) {
        long made = handle.take();
        checked(context, functions.cublasDestroy, out -> call(functions.cublasDestroy, made));
        throw e;
      }
    });
  }

  /** A cuBLAS handle on one stream, owned by who asked for it. For one thread at a time. */
  public final class Session implements AutoCloseable {
    private final Context context;
    private final Handle handle;

    private Session(Context context, Handle handle) {
      this.context = context;
      this.handle = handle;
    }

    /** The version of cuBLAS, as {@code 130000}. */
    public int version() {
      long session = handle.get();
      return (int) checked(context, functions.cublasGetVersion, out -> call(functions.cublasGetVersion, session, out));
    }

    /** Gives it memory to work in, as capture into a graph needs; the memory has to outlive the session. */
    public void workspace(DeviceMemory memory) {
      long session = handle.get();
      long address = memory.address();
      checked(context, functions.cublasSetWorkspace, out -> call(functions.cublasSetWorkspace, session, address, memory.bytes()));
    }

    /**
     * {@code y[m, n] = x[m, k] · w[n, k]ᵀ}, all by rows without gaps: a linear layer. The addresses are of device memory, and the elements of
     * one type.
     */
    public void linear(Type type, int m, int n, int k, long x, long w, long y) {
      long session = handle.get();
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment scales = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1f, 0f);
        long one = scales.address();
        long zero = one + Float.BYTES;
        checked(context, functions.cublasGemmEx, out -> gemm(session, type.number, m, n, k, x, w, y, one, zero));
      }
    }

    /** Ends the session. */
    @Override
    public void close() {
      long taken = handle.take();
      if (taken == 0) {
        return;
      }
      try {
        checked(context, functions.cublasDestroy, out -> call(functions.cublasDestroy, taken));
      } finally {
        context.drop();
      }
    }

    /** cuBLAS counts by columns, and a matrix by rows is its transpose by columns: so yᵀ = w · xᵀ is asked for, n by m. */
    private int gemm(long session, int type, int m, int n, int k, long x, long w, long y, long one, long zero) {
      try {
        return (int) Gemm.HANDLE.invokeExact(functions.cublasGemmEx.code(GEMM_SHAPE), session, TRANSPOSED, AS_IS, n, m, k, one, w, type, k, x, type, k,
            zero, y, type, n, COMPUTE_32F, DEFAULT_ALGORITHM);
      } catch (Throwable t) {
        throw Downcall.broken(functions.cublasGemmEx, t);
      }
    }
  }

  private long checked(Context context, Entry entry, java.util.function.LongToIntFunction made) {
    int[] status = new int[1];
    long value = context.obtain(entry, out -> {
      status[0] = made.applyAsInt(out);
      return 0;
    });
    if (status[0] != 0) {
      throw new LibraryException(functions.library(), entry.name(), status[0], Downcall.text(functions.cublasGetStatusString, status[0]),
          "on " + context.device());
    }
    return value;
  }
}
