package dev.gatun.cpu.matmul;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.gatun.DType;
import dev.gatun.cpu.library.NativeKernels;
import dev.gatun.cpu.library.NativeLevel;
import dev.gatun.cpu.op.Lanes;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Prints GB/s of weights consumed (one activation row) and GFLOP/s (many rows) beside a plain read of the same memory, the two interleaved.
 * Arguments: types separated by commas (default all), {@code m=ROWS}, {@code k=DEPTH}, {@code t=THREADS}, {@code r=REPEATS},
 * {@code scalar}, and {@code avx512} or {@code avx2} for the kernels in C beside those in Java.
 */
final class MatmulTiming {
  private static final long BYTES = 512L << 20;
  private static final Path SCHEDSTAT = Path.of("/proc/thread-self/schedstat");
  private static volatile long sink;

  private MatmulTiming() {}

  public static void main(String[] args) throws Exception {
    List<DType> types = new ArrayList<>();
    int rows = 1;
    int k = 2048;
    int threads = 0;
    int repeats = 15;
    Lanes lanes = Lanes.VECTOR;
    List<NativeLevel> levels = new ArrayList<>();
    for (String arg : args) {
      if (arg.startsWith("m=")) {
        rows = Integer.parseInt(arg.substring(2));
      } else if (arg.startsWith("k=")) {
        k = Integer.parseInt(arg.substring(2));
      } else if (arg.startsWith("t=")) {
        threads = Integer.parseInt(arg.substring(2));
      } else if (arg.startsWith("r=")) {
        repeats = Integer.parseInt(arg.substring(2));
      } else if (arg.equals("scalar")) {
        lanes = Lanes.SCALAR;
      } else if (NativeLevel.of(arg).isPresent()) {
        levels.add(NativeLevel.of(arg).get());
      } else {
        for (String name : arg.split(",")) {
          types.add(DType.of(name).orElseThrow());
        }
      }
    }
    if (types.isEmpty()) {
      types.addAll(Arrays.stream(DType.values()).filter(MatmulKernel::takes).toList());
    }
    try (Arena arena = Arena.ofShared()) {
      MemorySegment weights = arena.allocate(BYTES, 64);
      for (DType type : types) {
        for (int t = threads == 0 ? 1 : threads; t <= (threads == 0 ? 2 : threads); t++) {
          time(type.label(), type, MatmulKernel.of(type, lanes), weights, rows, k, t, repeats, arena);
          Optional<Repack> repack = Repack.of(type, k, lanes);
          if (repack.isPresent()) {
            time(type.label() + "*", type, repack.get().kernel(), weights, rows, k, t, repeats, arena);
          }
          for (NativeLevel level : levels) {
            Optional<MatmulKernel> inC = NativeKernels.of(level.label()).kernel(type);
            if (inC.isPresent()) {
              time(type.label() + " " + level.label(), type, inC.get(), weights, rows, k, t, repeats, arena);
            }
          }
        }
      }
    }
  }

  private static void time(String name, DType type, MatmulKernel kernel, MemorySegment weights, int rows, int k, int threads, int repeats,
      Arena arena) throws Exception {
    fill(weights, type, name.endsWith("*"));
    long rowBytes = type.bytes(k);
    int n = 8192;
    long matrix = rowBytes * n;
    int matrices = rows == 1 ? (int) (BYTES / matrix) : 1;
    MemorySegment x = arena.allocate(4L * rows * k, 64);
    MemorySegment y = arena.allocate(4L * rows * n, 64);
    long actRow = kernel.activationBytes(k);
    MemorySegment act = actRow == 0 ? x : arena.allocate(actRow * rows, 64);
    Random random = new Random(1);
    for (int i = 0; i < rows * k; i++) {
      x.setAtIndex(JAVA_FLOAT, i, (float) random.nextGaussian());
    }
    double[] ours = new double[repeats];
    double[] plain = new double[repeats];
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      for (int r = -8; r < repeats; r++) {
        long read = inParallel(pool, threads, 1, (part, i) -> {
          long slice = BYTES / threads & -64;
          sink += sum(weights, part * slice, slice);
        });
        long time = inParallel(pool, threads, matrices, (part, i) -> {
          if (actRow != 0 && part == 0) {
            kernel.activate(x, 0, 4L * k, rows, k, act, 0, 0, rows);
          }
          kernel.multiply(act, 0, actRow == 0 ? 4L * k : actRow, rows, weights, i * matrix, rowBytes, k, n * part / threads,
              n * (part + 1) / threads, y, 0, 4L * n);
        });
        if (r >= 0) {
          ours[r] = rows == 1 ? (double) matrix * matrices / time : 2.0 * rows * k * n / time;
          plain[r] = (double) BYTES / read;
        }
      }
    }
    Arrays.sort(ours);
    Arrays.sort(plain);
    System.out.printf("%-11s m=%-3d k=%d t=%d: median %6.1f best %6.1f %s   plain read median %.1f best %.1f  ratio %.2f%n", name, rows, k,
        threads, ours[repeats / 2], ours[repeats - 1], rows == 1 ? "GB/s" : "GFLOP/s", plain[repeats / 2], plain[repeats - 1],
        ours[repeats / 2] / plain[repeats / 2]);
  }

  interface Part {
    void run(int part, int matrix);
  }

  /** Nanoseconds of processor time that the busiest thread took: other programs' share of a shared machine is not counted. */
  private static long inParallel(ExecutorService pool, int threads, int matrices, Part work) throws Exception {
    List<Future<Long>> parts = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      int part = t;
      parts.add(pool.submit(() -> {
        long t0 = processorTime();
        for (int i = 0; i < matrices; i++) {
          work.run(part, i);
        }
        return processorTime() - t0;
      }));
    }
    long busiest = 0;
    for (Future<Long> part : parts) {
      busiest = Math.max(busiest, part.get());
    }
    return busiest;
  }

  /** Nanoseconds that this thread has run; of the clock where the system does not tell. */
  private static long processorTime() throws IOException {
    return Files.isReadable(SCHEDSTAT) ? Long.parseLong(Files.readString(SCHEDSTAT).split(" ")[0]) : System.nanoTime();
  }

  private static long sum(MemorySegment s, long from, long length) {
    long a = 0;
    long b = 0;
    long c = 0;
    long d = 0;
    for (int i = 0; i < (int) length; i += 32) {
      a += s.get(JAVA_LONG, from + i);
      b += s.get(JAVA_LONG, from + i + 8);
      c += s.get(JAVA_LONG, from + i + 16);
      d += s.get(JAVA_LONG, from + i + 24);
    }
    return a + b + c + d;
  }

  private static void fill(MemorySegment weights, DType type, boolean repacked) {
    Random random = new Random(2);
    byte[] some = new byte[1 << 20];
    random.nextBytes(some);
    for (int i = 0; repacked && i < some.length; i++) {
      some[i] &= 0x3b;
    }
    for (long at = 0; at < BYTES; at += some.length) {
      MemorySegment.copy(some, 0, weights, JAVA_BYTE, at, some.length);
    }
    if (repacked) {
      return;
    }
    if (type == DType.F32) {
      for (long at = 3; at < BYTES; at += 4) {
        weights.set(JAVA_BYTE, at, (byte) 0x3c);
      }
    } else if (type.isFloat()) {
      for (long at = 1; at < BYTES; at += 2) {
        weights.set(JAVA_BYTE, at, (byte) 0x3c);
      }
    } else {
      short one = Float.floatToFloat16(0.01f);
      long block = type.blockBytes();
      for (long at = 0; at + block <= BYTES; at += block) {
        switch (type) {
          case Q4_1, Q5_1, Q4_K, Q5_K -> {
            weights.set(JAVA_SHORT, at, one);
            weights.set(JAVA_SHORT, at + 2, one);
          }
          case Q6_K -> weights.set(JAVA_SHORT, at + 208, one);
          case Q2_K -> {
            weights.set(JAVA_SHORT, at + 80, one);
            weights.set(JAVA_SHORT, at + 82, one);
          }
          case Q3_K, TQ1_0, TQ2_0 -> weights.set(JAVA_SHORT, at + block - 2, one);
          case MXFP4 -> weights.set(JAVA_BYTE, at, (byte) 120);
          default -> weights.set(JAVA_SHORT, at, one);
        }
      }
    }
  }
}
