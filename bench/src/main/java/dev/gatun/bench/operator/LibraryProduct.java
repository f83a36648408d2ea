package dev.gatun.bench.operator;

import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.ffi.cuda.Context;
import dev.gatun.ffi.cuda.Cublas;
import dev.gatun.ffi.cuda.Cuda;
import dev.gatun.ffi.cuda.Device;
import dev.gatun.ffi.cuda.DeviceMemory;
import dev.gatun.ffi.cuda.Event;
import dev.gatun.ffi.cuda.Stream;
import dev.gatun.tck.oracle.Inputs;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;

/**
 * What cuBLAS reaches in a square product of BF16 on a backend's device.
 *
 * @param flopsPerSecond 0 where there is none
 * @param note the library's version, or why it was not measured
 */
record LibraryProduct(double flopsPerSecond, String note) {
  private static final int SIZE = 8192;
  private static final int WARM_RUNS = 10;
  private static final int RUNS = 20;
  private static final long PIECE = 32 << 20;

  /** On a thread of its own, whose current context nobody else uses. */
  static LibraryProduct on(Backend backend) {
    String uuid = backend.device().facts().getOrDefault("uuid", "");
    Optional<Cublas> cublas = backend.name().equals("cuda") ? Cublas.find() : Optional.empty();
    if (cublas.isEmpty()) {
      return new LibraryProduct(0, backend.name().equals("cuda") ? "not measured: there is no cuBLAS; install it where the system finds libraries"
          : "not measured: only on the backend cuda");
    }
    FutureTask<LibraryProduct> task = new FutureTask<>(() -> measured(cublas.get(), uuid));
    Thread.ofPlatform().name("cublas ceiling").start(task);
    try {
      return task.get();
    } catch (ExecutionException e) {
      return new LibraryProduct(0, "not measured: " + e.getCause().getMessage());
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return new LibraryProduct(0, "not measured: interrupted");
    }
  }

  private static LibraryProduct measured(Cublas cublas, String uuid) {
    Cuda cuda = Cuda.load();
    Device device = IntStream.range(0, cuda.deviceCount()).mapToObj(cuda::device).filter(one -> one.uuid().equals(uuid)).findFirst().orElseThrow();
    long bytes = DType.BF16.bytes((long) SIZE * SIZE);
    try (Context context = device.primaryContext(); Stream stream = context.newStream(); Cublas.Session session = cublas.session(stream);
        DeviceMemory x = context.allocate(bytes); DeviceMemory w = context.allocate(bytes); DeviceMemory y = context.allocate(bytes);
        Event from = context.newEvent(true); Event to = context.newEvent(true); Arena arena = Arena.ofConfined()) {
      context.bind();
      MemorySegment piece = arena.allocate(PIECE, Long.BYTES);
      Inputs.fill(DType.BF16, 1, piece);
      for (long at = 0; at < bytes; at += PIECE) {
        stream.copyToDevice(piece, x, at);
        stream.copyToDevice(piece, w, at);
      }
      runs(session, WARM_RUNS, x, w, y);
      stream.record(from);
      runs(session, RUNS, x, w, y);
      stream.record(to);
      stream.synchronize();
      double seconds = to.millisecondsSince(from) / 1e3 / RUNS;
      return new LibraryProduct(2.0 * SIZE * SIZE * SIZE / seconds, "cuBLAS " + session.version());
    }
  }

  private static void runs(Cublas.Session session, int runs, DeviceMemory x, DeviceMemory w, DeviceMemory y) {
    for (int i = 0; i < runs; i++) {
      session.linear(Cublas.Type.BF16, SIZE, SIZE, SIZE, x.address(), w.address(), y.address());
    }
  }

  String product() {
    return "bf16 [" + SIZE + ", " + SIZE + ", " + SIZE + "] by " + note;
  }
}
