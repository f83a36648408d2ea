package dev.gatun.tck.cases;

import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.GatunException;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.Matmul;
import dev.gatun.Program;
import dev.gatun.Ragged;
import dev.gatun.Scale;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import java.util.Arrays;

/** What is promised of things of another backend of the same kind: they are refused, and nothing of either is changed. */
final class ForeignPromises {
  private ForeignPromises() {}

  static void list(Promises to) {
    to.with("foreign_stream", ForeignPromises::stream)
        .with("foreign_buffer", ForeignPromises::buffer)
        .with("foreign_weight", ForeignPromises::weight)
        .with("foreign_cache", ForeignPromises::cache)
        .with("host_memory_in_a_program", ForeignPromises::host);
  }

  private static void stream(Ground ground) {
    Backend other = ground.another();
    Tensor x = ground.zeros(ground.backend());
    Executable executable = ground.own(ground.adding(ground.backend(), x, 1));
    Stream foreign = other.newStream();
    ground.refused("submitting to a stream of another backend", GatunException.class, () -> foreign.submit(executable));
    ground.refused("profiling on a stream of another backend", GatunException.class, () -> executable.profile(foreign, 1));
    foreign.synchronize();
    ground.all("after the refusal", ground.stream().readFloats(x), 0);
    ground.stream().submit(executable);
    ground.all("submitted where it belongs", ground.stream().readFloats(x), 1);
    ground.works(other, "after the refusal");
  }

  private static void buffer(Ground ground) {
    Backend other = ground.another();
    Tensor x = ground.zeros(ground.backend());
    Tensor theirs = ground.zeros(other);
    Stream foreign = other.newStream();
    float[] ones = new float[(int) x.shape().elements()];
    Arrays.fill(ones, 1);
    ground.refused("copying from a buffer of another backend", GatunException.class, () -> foreign.copy(x, theirs));
    ground.refused("copying to a buffer of another backend", GatunException.class, () -> foreign.copy(theirs, x));
    ground.refused("writing to a buffer of another backend", GatunException.class, () -> foreign.write(x, ones));
    ground.refused("reading a buffer of another backend", GatunException.class, () -> foreign.readFloats(x));
    Program program = Program.of(new Scale(theirs, 2, x));
    ground.refused("compiling a program that reads memory of another backend", GatunException.class, () -> ground.backend().compile(program));
    ground.refused("compiling a program that writes memory of another backend", GatunException.class, () -> other.compile(program));
    ground.refused("preparing a weight in memory of another backend", GatunException.class, () -> other.prepare(x, Use.MATMUL));
    ground.all("after the refusals", ground.stream().readFloats(x), 0);
    ground.all("after the refusals, on the other", foreign.readFloats(theirs), 0);
    ground.works(other, "after the refusals");
  }

  private static void weight(Ground ground) {
    Backend other = ground.another();
    Tensor plain = ground.bench.input(DType.Q4_0, Placement.PACKED, Fill.NORMAL.values(ground.values.seed("weight"), 64 * 256), 64, 256);
    Tensor prepared = ground.bench.prepared(plain, Use.MATMUL);
    Tensor x = other.tensor(new float[256], 1, 256);
    Tensor y = other.allocate(DType.F32, 1, 64);
    if (prepared.buffer().backend().isPresent()) {
      ground.refused("a product with a weight that another backend made ready", GatunException.class, () -> other.compile(Program.of(new Matmul(x, prepared, y))));
    }
    ground.works(other, "after the refusal");
  }

  private static void cache(Ground ground) {
    Backend other = ground.another();
    Stream foreign = other.newStream();
    KvCache cache = ground.own(ground.cache(ground.backend(), 8, 2, 4));
    int slot = cache.open();
    cache.reserve(ground.stream(), slot, 0, 3);
    int free = cache.freePages();
    ground.refused("reserving in a cache in the order of another backend's stream", GatunException.class, () -> cache.reserve(foreign, slot, 3, 2 * cache.spec().pageTokens() + 1));
    ground.refused("forking in the order of another backend's stream", GatunException.class, () -> cache.fork(foreign, slot));
    ground.refused("truncating in the order of another backend's stream", GatunException.class, () -> cache.truncate(foreign, slot, 0));
    ground.refused("poisoning in the order of another backend's stream", GatunException.class, () -> cache.poison(foreign));
    ground.refused("reading in the order of another backend's stream", GatunException.class,
        () -> cache.read(foreign, slot, 0, KvCache.Part.KEY, 0, 0));
    ground.holds(cache.freePages() == free && cache.length(slot) == 3, () -> "a refused call has changed the cache");
    Ragged batch = new Ragged(other.tensor(new int[] {0, 1}, 2), other.tensor(new int[] {slot}, 1), other.tensor(new int[] {0}, 1));
    Tensor k = other.tensor(new float[Ground.HEADS * cache.spec().keySize()], 1, Ground.HEADS, cache.spec().keySize());
    ground.refused("compiling a program over a cache of another backend", GatunException.class,
        () -> other.compile(Program.of(new KvAppend(k, k, batch, cache, 0))));
    ground.works(other, "after the refusals");
  }

  /** Operators take host memory where the device says so, and refuse it elsewhere. */
  private static void host(Ground ground) {
    Tensor x = ground.zeros(ground.backend());
    Tensor y = ground.host(x);
    Program program = Program.of(new Scale(x, 2, y));
    if (ground.backend().device().hostMemory()) {
      try (Executable executable = ground.backend().compile(program)) {
        ground.stream().submit(executable);
        ground.stream().synchronize();
      }
      ground.all("twice nothing, in host memory", Ground.floats(y), 0);
    } else {
      ground.refused("compiling a program over host memory, which the device does not reach", GatunException.class, () -> ground.backend().compile(program));
    }
    ground.works(ground.backend(), "after a program over host memory");
  }
}
