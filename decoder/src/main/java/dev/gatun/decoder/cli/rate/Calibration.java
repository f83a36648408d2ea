package dev.gatun.decoder.cli.rate;

import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntToLongFunction;

/**
 * Two pieces of work that are the same in every version and run none of the backends' kernels, timed beside each repeat: how they change from
 * one run to another is how the machine changed. Where the backend works in host memory they are loops in plain Java on as many threads;
 * elsewhere a copy within the device's memory, and the same arithmetic on one thread of the host's.
 */
public final class Calibration implements AutoCloseable {
  private static final long BYTES = 96L << 20;
  private static final int ROUNDS = 1 << 22;
  private static final int WARM_UP = 3;

  private final int threads;
  private final ExecutorService pool;
  private final Runnable memory;
  private final List<AutoCloseable> owned = new ArrayList<>();
  private volatile long kept;

  /** The nanoseconds of both. @param memory of moving a fixed number of bytes @param arithmetic of a fixed number of operations */
  public record Sample(long memory, long arithmetic) {}

  /** A calibration of the device that a backend works on, with that many threads where it works in host memory. */
  public Calibration(Backend backend, int threads) {
    boolean host = backend.device().hostMemory();
    this.threads = host ? threads : 1;
    this.pool = Executors.newFixedThreadPool(this.threads, Thread.ofPlatform().daemon().name("calibration-", 0).factory());
    this.memory = host ? hostMemory() : deviceMemory(backend);
    for (int i = 0; i < WARM_UP; i++) {
      sample(0);
    }
  }

  private Runnable hostMemory() {
    Arena arena = Arena.ofShared();
    owned.add(arena::close);
    MemorySegment segment = arena.allocate(BYTES, Long.BYTES).fill((byte) 1);
    long share = BYTES / threads / Long.BYTES * Long.BYTES;
    return () -> onEach(thread -> sum(segment.asSlice(thread * share, share)));
  }

  private Runnable deviceMemory(Backend backend) {
    Stream stream = backend.newStream();
    owned.add(stream::close);
    Tensor from = backend.allocate(DType.I8, BYTES / 2);
    owned.add(from.buffer()::close);
    Tensor to = backend.allocate(DType.I8, BYTES / 2);
    owned.add(to.buffer()::close);
    return () -> {
      stream.copy(from, to);
      stream.synchronize();
    };
  }

  /** Times both in turn until that many nanoseconds have passed, and once at least; gives the mean of each, as what is measured beside it is a mean too. */
  public Sample sample(long nanos) {
    long began = System.nanoTime();
    long moving = 0;
    long mixing = 0;
    int times = 0;
    do {
      long started = System.nanoTime();
      memory.run();
      long moved = System.nanoTime();
      onEach(Calibration::mix);
      moving += moved - started;
      mixing += System.nanoTime() - moved;
      times++;
    } while (System.nanoTime() - began < nanos);
    return new Sample(moving / times, mixing / times);
  }

  private void onEach(IntToLongFunction work) {
    List<Future<Long>> parts = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      int thread = i;
      parts.add(pool.submit(() -> work.applyAsLong(thread)));
    }
    for (Future<Long> part : parts) {
      try {
        kept += part.get();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while calibrating", e);
      } catch (ExecutionException e) {
        throw new IllegalStateException("calibrating failed: " + e.getCause(), e.getCause());
      }
    }
  }

  private static long sum(MemorySegment segment) {
    long a = 0;
    long b = 0;
    long c = 0;
    long d = 0;
    for (long at = 0; at + 32 <= segment.byteSize(); at += 32) {
      a += segment.get(ValueLayout.JAVA_LONG, at);
      b += segment.get(ValueLayout.JAVA_LONG, at + 8);
      c += segment.get(ValueLayout.JAVA_LONG, at + 16);
      d += segment.get(ValueLayout.JAVA_LONG, at + 24);
    }
    return a + b + c + d;
  }

  /** Four chains of additions, shifts and exclusive ors, which no compiler shortens. */
  private static long mix(int seed) {
    long a = seed + 1;
    long b = seed + 2;
    long c = seed + 3;
    long d = seed + 4;
    for (int i = 0; i < ROUNDS; i++) {
      a += (a << 7) ^ (a >>> 9);
      b += (b << 7) ^ (b >>> 9);
      c += (c << 7) ^ (c >>> 9);
      d += (d << 7) ^ (d >>> 9);
    }
    return a ^ b ^ c ^ d;
  }

  /** Ends its threads and frees its memory. */
  @Override
  public void close() {
    pool.close();
    for (AutoCloseable resource : owned.reversed()) {
      try {
        resource.close();
      } catch (Exception e) {
        throw new IllegalStateException("cannot free what calibrates", e);
      }
    }
  }
}
