package dev.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.Explanation;
import dev.gatun.Gatun;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.Operator;
import dev.gatun.Program;
import dev.gatun.Ragged;
import dev.gatun.RmsNorm;
import dev.gatun.Rope;
import dev.gatun.Rotation;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Inputs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rotations and kv_append in one launch: the bits of the operators one after the other, and programs that must stay as they are. */
class FusedCacheWriteTest {
  private static final int HEADS = 3;
  private static final int PAGE = 4;
  private static final float EPSILON = 1e-5f;

  private static Backend fused;
  private static Backend plain;

  @BeforeAll
  static void open() {
    fused = Gatun.open("cuda-emulated", BackendOptions.none());
    plain = Gatun.open("cuda-emulated", BackendOptions.none().with("fuse", "off"));
  }

  @AfterAll
  static void close() {
    fused.close();
    plain.close();
  }

  /** Where the tokens of a step come from and go to on one backend. */
  private static final class Step implements AutoCloseable {
    final Backend backend;
    final Stream stream;
    final KvCache cache;
    final int tokens;
    final int size;
    final int valueSize;
    final Rotation rotation;
    final Tensor positions;
    final Ragged batch;
    final Tensor q;
    final Tensor k;
    final Tensor v;
    final Tensor turned;
    final Tensor norm;
    final Program.Builder builder = Program.builder("step");

    Step(Backend backend, DType kept, DType type, int tokens, int size, int valueSize, Rotation.Pairs pairs) {
      this.backend = backend;
      this.stream = backend.newStream();
      this.tokens = tokens;
      this.size = size;
      this.valueSize = valueSize;
      this.cache = backend.newKvCache(new KvCache.Spec(2, HEADS, size, valueSize, kept, PAGE, 24, 2, 40));
      this.rotation = new Rotation(pairs, size - size % 16, 10_000);
      cache.open();
      int second = cache.open();
      cache.reserve(stream, 0, 0, 8);
      cache.reserve(stream, second, 0, 40);
      // The first sequence has one token, at position 7; the others are the second's. The last has no page.
      cache.truncate(stream, second, 36);
      int[] at = IntStream.range(0, tokens).map(i -> i == 0 ? 7 : i == tokens - 1 && tokens > 2 ? 38 : 10 + i).toArray();
      this.positions = ints(at);
      this.batch = new Ragged(ints(0, 1, tokens), ints(0, second), positions);
      this.q = rows(1, type, 2L * HEADS, size);
      this.k = rows(2, type, HEADS, size);
      this.v = rows(3, type, HEADS, valueSize);
      this.turned = backend.allocate(DType.F32, tokens, 2L * HEADS, size);
      this.norm = backend.tensor(floats(4, size, 1), size);
      List.of(q, k, v, positions).forEach(builder::input);
      builder.output(turned);
    }

    private Tensor ints(int... values) {
      return backend.tensor(values, values.length);
    }

    private Tensor rows(long seed, DType type, long heads, int width) {
      Tensor wide = backend.tensor(floats(seed, (int) (tokens * heads * width), 1.5), tokens, heads, width);
      if (type == DType.F32) {
        return wide;
      }
      Tensor narrow = backend.allocate(type, tokens, heads, width);
      stream.run(new Copy(wide, narrow));
      return narrow;
    }

    Tensor temporary(String name, DType type, long heads) {
      return builder.temporary(name, type, tokens, heads, size);
    }

    Rope rope(Tensor x, Tensor y) {
      return new Rope(x, positions, Optional.empty(), rotation, y);
    }

    KvAppend append(Tensor keys) {
      return new KvAppend(keys, v, batch, cache, 1);
    }

    Explanation run(Operator... operators) {
      Arrays.stream(operators).forEach(builder::add);
      try (Executable executable = backend.compile(builder.build())) {
        stream.submit(executable);
        stream.synchronize();
        return executable.explain();
      }
    }

    /** Every bit that may have been written. */
    List<float[]> results() {
      List<float[]> all = new ArrayList<>(List.of(stream.readFloats(turned)));
      for (KvCache.Part part : KvCache.Part.values()) {
        for (int head = 0; head < HEADS; head++) {
          for (int position = 0; position < 36; position++) {
            for (int slot = 0; slot < 2; slot++) {
              if (position < (slot == 0 ? 8 : 36)) {
                all.add(cache.read(stream, slot, 1, part, position, head));
              }
            }
          }
        }
      }
      return all;
    }

    @Override
    public void close() {
      stream.synchronize();
      cache.close();
      stream.close();
    }
  }

  private static float[] floats(long seed, int n, double scale) {
    double[] wanted = Inputs.normal(seed, n, scale);
    float[] floats = new float[n];
    for (int i = 0; i < n; i++) {
      floats[i] = (float) wanted[i];
    }
    return floats;
  }

  private interface Writer {
    Explanation run(Step step);
  }

  private static void same(int steps, DType kept, DType type, int tokens, int size, int valueSize, Rotation.Pairs pairs, Writer writer) {
    try (Step one = new Step(fused, kept, type, tokens, size, valueSize, pairs); Step other = new Step(plain, kept, type, tokens, size, valueSize, pairs)) {
      one.cache.poison(one.stream);
      Explanation explained = writer.run(one);
      writer.run(other);
      assertThat(explained.steps()).as("%s", explained).hasSize(steps);
      List<float[]> actual = one.results();
      List<float[]> expected = other.results();
      for (int i = 0; i < expected.size(); i++) {
        assertThat(actual.get(i)).as("%s, row %d", explained, i).containsExactly(expected.get(i));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"F32, F32, 1, 64, 64, INTERLEAVED", "F16, F32, 5, 37, 19, HALF_SPLIT", "BF16, F16, 2, 128, 128, HALF_SPLIT", "F8_E4M3, F32, 3, 70, 24, INTERLEAVED",
      "F8_E5M2, BF16, 7, 16, 48, HALF_SPLIT", "Q8_0, F32, 4, 96, 64, INTERLEAVED"})
  void rotationsAndWriteShareALaunch(DType kept, DType type, int tokens, int size, int valueSize, Rotation.Pairs pairs) {
    same(1, kept, type, tokens, size, valueSize, pairs, step -> {
      Tensor keys = step.temporary("keys", type, HEADS);
      return step.run(step.rope(step.q, step.turned), step.rope(step.k, keys), step.append(keys));
    });
  }

  @ParameterizedTest
  @CsvSource({"F16, F32, 1, 128, HALF_SPLIT", "F32, F32, 3, 70, INTERLEAVED", "Q8_0, BF16, 4, 64, HALF_SPLIT", "BF16, F16, 6, 300, INTERLEAVED"})
  void normsOfHeadsGoWithThem(DType kept, DType type, int tokens, int size, Rotation.Pairs pairs) {
    same(1, kept, type, tokens, size, 64, pairs, step -> {
      Tensor queries = step.temporary("queries", type, 2L * HEADS);
      Tensor normed = step.temporary("normed", type, HEADS);
      Tensor keys = step.temporary("keys", type, HEADS);
      return step.run(new RmsNorm(step.q, step.norm, EPSILON, queries), step.rope(queries, step.turned), new RmsNorm(step.k, step.norm, 2 * EPSILON, normed),
          step.rope(normed, keys), step.append(keys));
    });
  }

  @Test
  void everythingInPlaceOverTemporariesIsOneLaunchToo() {
    same(4, DType.F16, DType.F32, 4, 64, 64, Rotation.Pairs.HALF_SPLIT, step -> {
      Tensor queries = step.temporary("queries", DType.F32, 2L * HEADS);
      Tensor keys = step.temporary("keys", DType.F32, HEADS);
      return step.run(new Copy(step.q, queries), new Copy(step.k, keys), new RmsNorm(queries, step.norm, EPSILON, queries),
          new RmsNorm(keys, step.norm, EPSILON, keys), step.rope(queries, queries), step.rope(keys, keys), step.append(keys), new Copy(queries, step.turned));
    });
  }

  @Test
  void keysWithoutQueriesBesideThemAreTurnedOnTheWay() {
    same(2, DType.F16, DType.F32, 3, 64, 64, Rotation.Pairs.INTERLEAVED, step -> {
      Tensor keys = step.temporary("keys", DType.F32, HEADS);
      return step.run(new Copy(step.q, step.turned), step.rope(step.k, keys), step.append(keys));
    });
  }

  @Test
  void theOneStepNamesItsSourcesAndLeavesOutWhatNeverReachesMemory() {
    try (Step step = new Step(fused, DType.F16, DType.F32, 2, 64, 64, Rotation.Pairs.HALF_SPLIT)) {
      Tensor keys = step.temporary("keys", DType.F32, HEADS);
      Explanation.Step only = step.run(step.rope(step.q, step.turned), step.rope(step.k, keys), step.append(keys)).steps().getFirst();
      assertThat(only.kernel()).isEqualTo("rope_kv_append_128");
      assertThat(only.sources()).hasSize(3);
      long rows = 2L * HEADS * 64;
      // q twice its size, read and written; k, v; both in the cache; positions, starts, slots.
      assertThat(only.bytes()).isEqualTo(4 * (2 * 2 * rows + 2 * rows) + 2 * 2 * rows + 4 * (2 + 3 + 2));
    }
  }

  @Test
  void turnedKeysThatAreReadElsewhereStayAsTheyAre() {
    same(3, DType.F32, DType.F32, 2, 64, 64, Rotation.Pairs.HALF_SPLIT, step -> {
      Tensor keys = step.temporary("keys", DType.F32, 2L * HEADS);
      Tensor firstHeads = keys.slice(1, 0, HEADS);
      return step.run(step.rope(step.k, firstHeads), step.append(firstHeads), new Copy(firstHeads, step.turned.slice(1, 0, HEADS)));
    });
  }

  @Test
  void turnedKeysThatAreAnOutputStayAsTheyAre() {
    same(3, DType.F32, DType.F32, 2, 64, 64, Rotation.Pairs.HALF_SPLIT, step -> {
      Tensor keys = step.turned.slice(1, 0, HEADS);
      return step.run(new Copy(step.q, step.turned), step.rope(step.k, keys), step.append(keys));
    });
  }

  @Test
  void aNormThatIsReadElsewhereStaysBeforeTheLaunch() {
    same(3, DType.F32, DType.F32, 2, 64, 64, Rotation.Pairs.HALF_SPLIT, step -> {
      Tensor normed = step.temporary("normed", DType.F32, HEADS);
      Tensor keys = step.temporary("keys", DType.F32, HEADS);
      return step.run(new RmsNorm(step.k, step.norm, EPSILON, normed), step.rope(normed, keys), step.append(keys),
          new Copy(normed, step.turned.slice(1, HEADS, 2 * HEADS)));
    });
  }

  @Test
  void otherAnglesForQueriesAreAnotherLaunch() {
    same(2, DType.F32, DType.F32, 2, 64, 64, Rotation.Pairs.HALF_SPLIT, step -> {
      Tensor keys = step.temporary("keys", DType.F32, HEADS);
      return step.run(new Rope(step.q, step.positions, Optional.empty(), new Rotation(Rotation.Pairs.INTERLEAVED, 64, 10_000), step.turned),
          step.rope(step.k, keys), step.append(keys));
    });
  }

  @Test
  void queriesTurnedOverKeysThatAreStillToBeReadAreALaunchBeforeTheKeys() {
    same(4, DType.F32, DType.F32, 2, 64, 64, Rotation.Pairs.HALF_SPLIT, step -> {
      Tensor both = step.temporary("both", DType.F32, 3L * HEADS);
      Tensor queries = both.slice(1, 0, 2 * HEADS);
      Tensor keys = both.slice(1, HEADS, 2 * HEADS);
      Tensor turned = step.temporary("keys", DType.F32, HEADS);
      return step.run(new Copy(step.q, queries), step.rope(step.q, queries), step.rope(keys, turned), step.append(turned), new Copy(queries, step.turned));
    });
  }

  @Test
  void keysThatAreTheValuesTooStayAsTheyAre() {
    same(3, DType.F32, DType.F32, 2, 64, 64, Rotation.Pairs.HALF_SPLIT, step -> {
      Tensor keys = step.temporary("keys", DType.F32, HEADS);
      return step.run(step.rope(step.q, step.turned), step.rope(step.k, keys), new KvAppend(keys, keys, step.batch, step.cache, 1));
    });
  }
}
