package dev.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Add;
import dev.gatun.Argmax;
import dev.gatun.Attention;
import dev.gatun.Backend;
import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.Kv;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.Matmul;
import dev.gatun.Prepared;
import dev.gatun.Program;
import dev.gatun.Ragged;
import dev.gatun.RmsNorm;
import dev.gatun.Rope;
import dev.gatun.Rotation;
import dev.gatun.Scale;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.Use;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/** Work that uses every part of a backend: a small attention layer over a paged cache, compiled, submitted, profiled, read, copied and forked. */
final class Scenario {
  static final String PROGRAM = "layer";

  private static final int TOKENS = 2;
  private static final int HEADS = 2;
  private static final int SIZE = 16;
  private static final int WIDTH = HEADS * SIZE;
  private static final int WIDE = 128;
  private static final KvCache.Spec CACHE = new KvCache.Spec(1, HEADS, SIZE, SIZE, DType.F16, 2, 4, 2, 4);

  private Scenario() {}

  /** All of it. What it makes is closed at the end, or left to the backend as users do. @return the layer's result */
  static float[] run(Backend backend) {
    Tensor x = backend.tensor(ramp(TOKENS * WIDTH), TOKENS, WIDTH);
    Tensor other = backend.allocate(DType.F32, TOKENS, WIDTH);
    Tensor ids = backend.allocate(DType.I32, TOKENS);
    Ragged batch = new Ragged(backend.tensor(new int[] {0, TOKENS}, 2), backend.tensor(new int[] {0}, 1), backend.tensor(new int[] {0, 1}, TOKENS));
    Prepared norm = backend.prepare(halves(WIDTH), Use.VECTOR);
    Prepared weight = backend.prepare(identity(), Use.MATMUL);
    try (Stream stream = backend.newStream(); KvCache cache = backend.newKvCache(CACHE); Buffer result = backend.allocate(4L * TOKENS * WIDTH)) {
      Tensor y = Tensor.of(result, 0, DType.F32, x.shape());
      int slot = cache.open();
      cache.reserve(stream, slot, 0, TOKENS);
      cache.poison(stream);
      float[] values;
      try (Executable layer = backend.compile(layer(x, norm.tensor(), weight.tensor(), batch, cache, y, ids))) {
        stream.submit(layer);
        stream.synchronize();
        values = stream.readFloats(y);
        layer.profile(stream, 2);
        int copy = cache.fork(stream, slot);
        cache.reserve(stream, copy, 1, TOKENS + 1);
        assertThat(cache.read(stream, copy, 0, KvCache.Part.KEY, 1, 0)).isEqualTo(cache.read(stream, slot, 0, KvCache.Part.KEY, 1, 0));
        stream.submit(layer);
        stream.copy(y, other);
        assertThat(stream.readFloats(other)).isEqualTo(values);
        assertThat(stream.readInts(ids)).containsExactly(WIDTH - 1, WIDTH - 1);
        cache.release(stream, copy);
        stream.run(new Scale(y, 2, other));
        stream.synchronize();
      }
      backend.compile(wide(backend)).close();
      weight.tensor().buffer().close();
      return values;
    }
  }

  /** The operators of the layer: every intermediate result is a temporary. */
  private static Program layer(Tensor x, Tensor norm, Tensor weight, Ragged batch, KvCache cache, Tensor y, Tensor ids) {
    Program.Builder builder = Program.builder(PROGRAM).input(x, batch.starts(), batch.slots(), batch.positions()).output(y, ids);
    Tensor h = builder.temporary("h", DType.F32, TOKENS, WIDTH);
    Tensor k = builder.temporary("k", DType.F32, TOKENS, WIDTH);
    Tensor a = builder.temporary("a", DType.F32, TOKENS, WIDTH);
    Tensor heads = k.reshape(TOKENS, HEADS, SIZE);
    return builder.add(new RmsNorm(x, norm, 1e-5f, h)).add(new Matmul(h, weight, k))
        .add(new Rope(heads, batch.positions(), Optional.empty(), new Rotation(Rotation.Pairs.HALF_SPLIT, SIZE, 10_000), heads))
        .add(new KvAppend(heads, heads, batch, cache, 0))
        .add(new Attention(heads, new Kv.Paged(cache, 0), batch, Attention.Options.causal(0.25f), Optional.empty(), a.reshape(TOKENS, HEADS, SIZE)))
        .add(new Add(x, a, y)).add(new Argmax(x, ids)).build();
  }

  /** Whole prompts of wide heads: a kernel that asks for more shared memory than a block has without asking. */
  private static Program wide(Backend backend) {
    Tensor q = backend.allocate(DType.F32, WIDE, 1, WIDE);
    Ragged batch = new Ragged(backend.allocate(DType.I32, 2), backend.allocate(DType.I32, 1), backend.allocate(DType.I32, WIDE));
    Kv same = new Kv.Dense(q, q, batch.starts());
    return Program.of(new Attention(q, same, batch, Attention.Options.causal(1), Optional.empty(), backend.allocate(DType.F32, WIDE, 1, WIDE)));
  }

  /** Shows that a backend works: {@code 3 x + x} of small whole numbers is exact. */
  static void check(Backend backend) {
    Tensor x = backend.tensor(new float[] {1, -2, 3}, 1, 3);
    Tensor y = backend.allocate(DType.F32, 1, 3);
    Program.Builder builder = Program.builder("check").input(x).output(y);
    Tensor t = builder.temporary("t", DType.F32, 1, 3);
    try (Stream stream = backend.newStream(); Executable four = backend.compile(builder.add(new Scale(x, 3, t)).add(new Add(x, t, y)).build())) {
      stream.submit(four);
      assertThat(stream.readFloats(y)).containsExactly(4, -8, 12);
    }
    x.buffer().close();
    y.buffer().close();
  }

  private static float[] ramp(int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (i % WIDTH + 1) / 8f;
    }
    return values;
  }

  /** Ones in F16, in native memory: a vector that has to be expanded on the device. */
  private static Tensor halves(int n) {
    MemorySegment ones = Arena.ofAuto().allocate(ValueLayout.JAVA_SHORT, n);
    for (int i = 0; i < n; i++) {
      ones.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(1));
    }
    return Tensor.ofHost(ones, DType.F16, n);
  }

  private static Tensor identity() {
    MemorySegment matrix = Arena.ofAuto().allocate(ValueLayout.JAVA_FLOAT, WIDTH * WIDTH);
    for (int i = 0; i < WIDTH; i++) {
      matrix.setAtIndex(ValueLayout.JAVA_FLOAT, i * WIDTH + i, 1);
    }
    return Tensor.ofHost(matrix, DType.F32, WIDTH, WIDTH);
  }
}
