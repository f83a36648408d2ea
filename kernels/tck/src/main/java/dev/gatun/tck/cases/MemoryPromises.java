package dev.gatun.tck.cases;

import dev.gatun.Argmax;
import dev.gatun.Backend;
import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.DeviceException;
import dev.gatun.GatunException;
import dev.gatun.KvCache;
import dev.gatun.Matmul;
import dev.gatun.Program;
import dev.gatun.Shape;
import dev.gatun.ShapeException;
import dev.gatun.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What is promised of memory: it is aligned, it is given back, and where there is not enough that is said, and nothing else is lost. */
final class MemoryPromises {
  /** No machine has as much, nor addresses for it. */
  private static final long BEYOND_ADDRESSES = 1L << 50;
  private static final int ROUNDS = 20;
  private static final long CHUNK = 8L << 20;
  private static final int SHARE = 16;

  private MemoryPromises() {}

  static void list(Promises to) {
    to.with("out_of_memory", ground -> tooLarge(ground, BEYOND_ADDRESSES))
        .with("out_of_memory_by_far", ground -> tooLarge(ground, Long.MAX_VALUE / 2))
        .with("out_of_memory_for_a_cache", MemoryPromises::cache)
        .with("out_of_memory_for_a_program", MemoryPromises::program)
        .with("allocation_of_nothing", MemoryPromises::nothing)
        .with("allocation_negative", ground -> ground.refused("allocating −1 bytes", ShapeException.class, () -> ground.backend().allocate(-1)))
        .with("allocation_is_aligned", MemoryPromises::aligned)
        .with("allocations_are_apart", MemoryPromises::apart)
        .with("freed_memory_is_used_again", MemoryPromises::reused);
  }

  private static void tooLarge(Ground ground, long bytes) {
    ground.refused("allocating " + bytes + " bytes", DeviceException.class, () -> ground.backend().allocate(bytes).close());
    ground.works(ground.backend(), "after it was out of memory");
  }

  private static void cache(Ground ground) {
    KvCache.Spec spec = new KvCache.Spec(1 << 10, 1 << 10, 1 << 7, 1 << 7, DType.F32, 16, 1 << 20, 1, 16);
    ground.refused("a cache of " + spec.bytes() + " bytes", GatunException.class, () -> ground.backend().newKvCache(spec).close());
    ground.works(ground.backend(), "after it was out of memory");
  }

  /** A product of two small matrices whose temporary result no machine can hold. */
  private static void program(Ground ground) {
    Backend backend = ground.backend();
    int n = 1 << 22;
    Tensor x = Tensor.of(ground.own(backend.allocate(4L * n)), 0, DType.F32, Shape.of(n, 1));
    Tensor ids = Tensor.of(ground.own(backend.allocate(4L * n)), 0, DType.I32, Shape.of(n));
    Program.Builder builder = Program.builder("huge").input(x).output(ids);
    Tensor[] products = new Tensor[16];
    for (int i = 0; i < products.length; i++) {
      products[i] = builder.temporary("products" + i, DType.F32, n, n);
      builder.add(new Matmul(x, x, products[i]));
    }
    for (Tensor product : products) {
      builder.add(new Argmax(product, ids));
    }
    Program program = builder.build();
    ground.refused("compiling a program with a temporary of " + products[0].bytes() + " bytes", GatunException.class, () -> backend.compile(program).close());
    ground.works(backend, "after it was out of memory");
  }

  private static void nothing(Ground ground) {
    try (Buffer none = ground.backend().allocate(0)) {
      ground.holds(none.bytes() == 0, () -> "0 bytes were asked for, there are " + none.bytes());
    }
  }

  private static void aligned(Ground ground) {
    int alignment = ground.backend().device().alignment();
    for (long bytes : new long[] {1, 3, 64, 1000, 4097, 1 << 20}) {
      Buffer buffer = ground.own(ground.backend().allocate(bytes));
      ground.holds(buffer.bytes() == bytes, () -> bytes + " bytes were asked for, there are " + buffer.bytes());
      ground.holds(buffer.memory().address() % alignment == 0, () -> bytes + " bytes lie at an address that is no multiple of " + alignment);
    }
  }

  private static void apart(Ground ground) {
    List<Tensor> tensors = new ArrayList<>();
    for (int i = 0; i < ROUNDS; i++) {
      int value = i;
      int[] values = new int[1 + 37 * i % 201];
      Arrays.fill(values, value);
      Tensor tensor = ground.backend().tensor(values, values.length);
      ground.own(tensor.buffer());
      tensors.add(tensor);
    }
    for (int i = 0; i < tensors.size(); i++) {
      int value = i;
      ground.holds(Arrays.stream(ground.stream().readInts(tensors.get(i))).allMatch(v -> v == value),
          () -> "allocation " + value + " was overwritten by a later one");
    }
  }

  /** More than there is, altogether, a piece at a time; less where that would keep a host busy. */
  private static void reused(Ground ground) {
    long share = ground.backend().device().memoryBytes() / SHARE;
    long bytes = ground.backend().device().hostMemory() || ground.emulated() ? Math.min(CHUNK, share) : share;
    for (int i = 0; i < ROUNDS; i++) {
      ground.backend().allocate(bytes).close();
    }
    ground.works(ground.backend(), "after " + ROUNDS + " buffers of " + bytes + " bytes were allocated and closed");
  }
}
