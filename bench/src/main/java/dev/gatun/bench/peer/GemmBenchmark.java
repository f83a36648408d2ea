package dev.gatun.bench.peer;

import dev.gatun.bench.NotRunException;
import dev.gatun.bench.call.DriverLibrary;
import dev.gatun.ffi.cuda.Context;
import dev.gatun.ffi.cuda.Cublas;
import dev.gatun.ffi.cuda.DeviceMemory;
import dev.gatun.ffi.cuda.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import jcuda.Pointer;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasOperation;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The vendor's matrix product {@code y[m, n] = x[m, k] · w[n, k]ᵀ} in single precision, by Gatun's own binding of cuBLAS and by JCublas: products per second of calls that are
 * waited for, and beside them TFLOP/s. Elements of y are held against sums in double precision first.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class GemmBenchmark {
  private static final int CHECKED = 64;

  /** 10¹² multiplications and additions; JMH divides them by the time. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Work {
    /** So far in this iteration. */
    public double teraflops;

    /** Forgets those of the iteration before. */
    @Setup(Level.Iteration)
    public void clear() {
      teraflops = 0;
    }
  }

  /** The matrices. */
  @State(Scope.Benchmark)
  public static class Matrices {
    /** Rows of x. */
    @Param({"1", "512"})
    public int m = 1;
    /** Rows of w. */
    @Param("4096")
    public int n = 4096;
    /** Elements of a row. */
    @Param("4096")
    public int k = 4096;

    Context context;
    Stream stream;
    DeviceMemory x;
    DeviceMemory w;
    DeviceMemory y;
    private float[] xs;
    private float[] ws;

    /** Makes them. */
    @Setup
    public void open() {
      context = DriverLibrary.open(DriverLibrary.SYSTEM).device(0).primaryContext();
      stream = context.newStream();
      xs = values(m * k, 3);
      ws = values(n * k, 5);
      x = device(xs);
      w = device(ws);
      y = context.allocate((long) Float.BYTES * m * n);
    }

    private static float[] values(int count, int seed) {
      float[] values = new float[count];
      for (int i = 0; i < count; i++) {
        values[i] = ((i * 31L + seed) % 61 - 30) / 64f;
      }
      return values;
    }

    private DeviceMemory device(float[] values) {
      DeviceMemory memory = context.allocate((long) Float.BYTES * values.length);
      try (Arena arena = Arena.ofConfined()) {
        stream.copyToDevice(arena.allocateFrom(ValueLayout.JAVA_FLOAT, values), memory, 0);
        stream.synchronize();
      }
      return memory;
    }

    double flops() {
      return 2.0 * m * n * k;
    }

    void check(String by) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment found = arena.allocate(ValueLayout.JAVA_FLOAT, (long) m * n);
        stream.copyToHost(y, 0, found);
        stream.synchronize();
        double off = 0;
        double all = 0;
        for (int s = 0; s < CHECKED; s++) {
          int row = s * 7919 % m;
          int column = s * 104729 % n;
          double sum = 0;
          for (int i = 0; i < k; i++) {
            sum += (double) xs[row * k + i] * ws[column * k + i];
          }
          off += Math.pow(found.getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * n + column) - sum, 2);
          all += sum * sum;
        }
        if (!(off <= 1e-6 * all)) {
          throw new IllegalStateException(by + ": the product is off by an NMSE of " + off / all + "; its time would mean nothing");
        }
      }
    }

    /** Frees them. */
    @TearDown
    public void close() {
      x.close();
      w.close();
      y.close();
      stream.close();
      context.close();
    }
  }

  /** By Gatun's binding. */
  @State(Scope.Benchmark)
  public static class Bound {
    Cublas.Session session;

    /** Finds the library. */
    @Setup
    public void open(Matrices a) {
      session = Cublas.find().orElseThrow(() -> new NotRunException("cuBLAS is not installed; install the CUDA toolkit's libcublas.so, version 12 or 13"))
          .session(a.stream);
      multiply(a);
      a.check("cuBLAS");
    }

    void multiply(Matrices a) {
      session.linear(Cublas.Type.F32, a.m, a.n, a.k, a.x.address(), a.w.address(), a.y.address());
      a.stream.synchronize();
    }

    /** Ends it. */
    @TearDown
    public void close() {
      session.close();
    }
  }

  /** By JCublas. */
  @State(Scope.Benchmark)
  public static class Peer {
    private static final Pointer ONE = Pointer.to(new float[] {1});
    private static final Pointer ZERO = Pointer.to(new float[] {0});

    private final cublasHandle handle = new cublasHandle();
    private Pointer x;
    private Pointer w;
    private Pointer y;

    /** Loads its libraries. */
    @Setup
    public void open(Matrices a) {
      a.context.bind();
      DriverLibrary.openWithJCuda(DriverLibrary.SYSTEM);
      try {
        JCublas2.setExceptionsEnabled(true);
        JCublas2.cublasCreate(handle);
      } catch (LinkageError e) {
        throw new NotRunException("JCublas' native library does not load; it needs libcublas.so.12 of the CUDA toolkit 12.6");
      }
      x = new DeviceAddress(a.x.address());
      w = new DeviceAddress(a.w.address());
      y = new DeviceAddress(a.y.address());
      multiply(a);
      a.check("JCublas");
    }

    void multiply(Matrices a) {
      JCublas2.cublasSgemm(handle, cublasOperation.CUBLAS_OP_T, cublasOperation.CUBLAS_OP_N, a.n, a.m, a.k, ONE, w, a.k, x, a.k, ZERO, y, a.n);
      a.context.synchronize();
    }

    /** Ends it. */
    @TearDown
    public void close() {
      JCublas2.cublasDestroy(handle);
    }
  }

  /** cuBLAS through Gatun's own binding. */
  @Benchmark
  public void cublas(Matrices a, Bound by, Work work) {
    by.multiply(a);
    work.teraflops += a.flops() / 1e12;
  }

  /** cuBLAS through JCublas. */
  @Benchmark
  public void jcublas(Matrices a, Peer by, Work work) {
    by.multiply(a);
    work.teraflops += a.flops() / 1e12;
  }
}
