package dev.gatun.cpu.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.Ragged;
import dev.gatun.Tensor;
import dev.gatun.cpu.CpuCache;
import dev.gatun.cpu.CpuCacheAccess;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class AttentionKernelTest {
  /** Sequences with the given contexts, the last {@code fresh[s]} tokens of which are this step's. */
  private static final class Problem {
    final int heads;
    final int groups;
    final int size;
    final int valueSize;
    final int[] contexts;
    final int[] fresh;
    final float[][] keys;
    final float[][] values;
    final float[] queries;
    final Attention.Options options;
    final float[] sinks;

    Problem(int heads, int groups, int size, int valueSize, int[] contexts, int[] fresh, Attention.Options options, float[] sinks) {
      this.heads = heads;
      this.groups = groups;
      this.size = size;
      this.valueSize = valueSize;
      this.contexts = contexts;
      this.fresh = fresh;
      this.options = options;
      this.sinks = sinks;
      Random random = new Random(7);
      keys = new float[contexts.length][];
      values = new float[contexts.length][];
      for (int s = 0; s < contexts.length; s++) {
        keys[s] = random(random, contexts[s] * heads * size);
        values[s] = random(random, contexts[s] * heads * valueSize);
      }
      queries = random(random, tokens() * heads * groups * size);
    }

    static float[] random(Random random, int n) {
      float[] values = new float[n];
      for (int i = 0; i < n; i++) {
        values[i] = (float) random.nextGaussian();
      }
      return values;
    }

    int tokens() {
      return Arrays.stream(fresh).sum();
    }

    int[] starts() {
      int[] starts = new int[fresh.length + 1];
      for (int s = 0; s < fresh.length; s++) {
        starts[s + 1] = starts[s] + fresh[s];
      }
      return starts;
    }

    int[] positions() {
      int[] positions = new int[tokens()];
      for (int s = 0, t = 0; s < fresh.length; s++) {
        for (int i = 0; i < fresh[s]; i++) {
          positions[t++] = contexts[s] - fresh[s] + i;
        }
      }
      return positions;
    }

    double[] oracle() {
      double[] y = new double[tokens() * heads * groups * valueSize];
      int t = 0;
      for (int s = 0; s < fresh.length; s++) {
        for (int i = 0; i < fresh[s]; i++, t++) {
          int position = contexts[s] - fresh[s] + i;
          int high = options.causal() ? position + 1 : contexts[s];
          int low = options.window() == 0 ? 0 : Math.max(0, position - options.window() + 1);
          for (int h = 0; h < heads * groups; h++) {
            row(y, s, t, h, low, high);
          }
        }
      }
      return y;
    }

    private void row(double[] y, int s, int t, int h, int low, int high) {
      double[] scores = new double[Math.max(0, high - low)];
      double top = sinks.length > 0 ? sinks[h] : Double.NEGATIVE_INFINITY;
      for (int j = low; j < high; j++) {
        double dot = 0;
        for (int d = 0; d < size; d++) {
          dot += (double) queries[(t * heads * groups + h) * size + d] * keys[s][(j * heads + h / groups) * size + d];
        }
        dot *= options.scale();
        scores[j - low] = options.softcap() > 0 ? options.softcap() * Math.tanh(dot / options.softcap()) : dot;
        if (options.maxBias() > 0) {
          // For a number of heads that is a power of two.
          scores[j - low] -= Math.pow(2, -options.maxBias() * (h + 1) / (heads * groups)) * Math.abs(contexts[s] - fresh[s] + t - starts()[s] - j);
        }
        top = Math.max(top, scores[j - low]);
      }
      double sum = sinks.length > 0 ? Math.exp(sinks[h] - top) : 0;
      for (double score : scores) {
        sum += Math.exp(score - top);
      }
      for (int j = low; j < high; j++) {
        for (int d = 0; d < valueSize; d++) {
          y[(t * heads * groups + h) * valueSize + d] +=
              Math.exp(scores[j - low] - top) / sum * values[s][(j * heads + h / groups) * valueSize + d];
        }
      }
    }

    Ragged batch(int... slots) {
      return new Ragged(Bench.ints(starts()), Bench.ints(slots), Bench.ints(positions()));
    }

    Tensor q() {
      return Bench.floats(queries, tokens(), heads * groups, size);
    }

    Optional<Tensor> sinkTensor() {
      return sinks.length == 0 ? Optional.empty() : Optional.of(Bench.floats(sinks, sinks.length));
    }

    float[] dense(Lanes lanes, int workers) {
      int[] starts = new int[contexts.length + 1];
      for (int s = 0; s < contexts.length; s++) {
        starts[s + 1] = starts[s] + contexts[s];
      }
      int all = starts[contexts.length];
      Tensor k = Bench.floats(join(keys, all * heads * size), all, heads, size);
      Tensor v = Bench.floats(join(values, all * heads * valueSize), all, heads, valueSize);
      Tensor y = Bench.empty(DType.F32, tokens(), heads * groups, valueSize);
      int[] slots = new int[contexts.length];
      Bench.run(new Attention(q(), new Kv.Dense(k, v, Bench.ints(starts)), batch(slots), options, sinkTensor(), y), lanes, workers);
      return Bench.read(y);
    }

    static float[] join(float[][] parts, int length) {
      float[] all = new float[length];
      int at = 0;
      for (float[] part : parts) {
        System.arraycopy(part, 0, all, at, part.length);
        at += part.length;
      }
      return all;
    }

    /** Appends everything to pages handed out in reverse, then attends. */
    float[] paged(DType type, int pageTokens, Lanes lanes, int workers) {
      int longest = Arrays.stream(contexts).max().getAsInt();
      int slotPages = Math.ceilDiv(longest, pageTokens);
      int slots = contexts.length + 1;
      KvCache.Spec spec = new KvCache.Spec(2, heads, size, valueSize, type, pageTokens, slots * slotPages, slots, longest);
      CpuCache pages = CpuCacheAccess.pages(spec);
      KvCache cache = CpuCacheAccess.cache(pages);
      int free = spec.pages();
      for (int s = 0; s < contexts.length; s++) {
        for (int i = 0; i < Math.ceilDiv(contexts[s], pageTokens); i++) {
          pages.map(null, s + 1, i, --free);
        }
        Tensor k = Bench.floats(keys[s], contexts[s], heads, size);
        Tensor v = Bench.floats(values[s], contexts[s], heads, valueSize);
        int[] positions = new int[contexts[s]];
        Arrays.setAll(positions, i -> i);
        Ragged whole = new Ragged(Bench.ints(0, contexts[s]), Bench.ints(s + 1), Bench.ints(positions));
        Bench.run(new KvAppend(k, v, whole, cache, 1), lanes, workers);
      }
      int[] used = new int[contexts.length];
      Arrays.setAll(used, s -> s + 1);
      Tensor y = Bench.empty(DType.F32, tokens(), heads * groups, valueSize);
      Bench.run(new Attention(q(), new Kv.Paged(cache, 1), batch(used), options, sinkTensor(), y), lanes, workers);
      float[] result = Bench.read(y);
      pages.close();
      return result;
    }
  }

  static Stream<Arguments> problems() {
    float[] none = {};
    return Stream.of(Lanes.values()).flatMap(lanes -> Stream.of(
        Arguments.of("decode", lanes, new Problem(2, 1, 64, 64, new int[] {37}, new int[] {1}, Attention.Options.causal(0.125f), none)),
        Arguments.of("decode past a range", lanes,
            new Problem(2, 4, 48, 48, new int[] {1300, 3, 512}, new int[] {1, 1, 1}, Attention.Options.causal(0.14f), none)),
        Arguments.of("decode, window over a range's edge, sinks", lanes, new Problem(1, 3, 20, 36, new int[] {700, 1100}, new int[] {1, 2},
            new Attention.Options(0.2f, true, 200, 0), new float[] {0.5f, -1, 3})),
        Arguments.of("prefill", lanes,
            new Problem(2, 2, 64, 64, new int[] {70, 1, 90}, new int[] {70, 1, 33}, Attention.Options.causal(0.125f), none)),
        Arguments.of("prefill, window and soft cap", lanes, new Problem(1, 2, 19, 23, new int[] {150}, new int[] {100},
            new Attention.Options(0.3f, true, 17, 2.5f), none)),
        Arguments.of("bidirectional, sinks", lanes, new Problem(3, 1, 16, 16, new int[] {65, 20}, new int[] {65, 20},
            new Attention.Options(0.25f, false, 0, 0), new float[] {1, 2, -3})),
        Arguments.of("decode past a range with slopes", lanes, new Problem(2, 2, 16, 16, new int[] {700, 30}, new int[] {1, 1},
            new Attention.Options(0.25f, true, 0, 0, 8), none)),
        Arguments.of("bidirectional with slopes and a soft cap", lanes, new Problem(1, 8, 16, 16, new int[] {40}, new int[] {20},
            new Attention.Options(0.25f, false, 0, 3, 4), none)),
        Arguments.of("bidirectional, window", lanes, new Problem(1, 1, 16, 16, new int[] {40}, new int[] {40},
            new Attention.Options(0.25f, false, 5, 0), none))));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("problems")
  void agreesWithPlainLoopsOverDenseKeys(String name, Lanes lanes, Problem problem) {
    Bench.close(problem.dense(lanes, 3), problem.oracle(), 1e-11);
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("problems")
  void agreesWithPlainLoopsOverPages(String name, Lanes lanes, Problem problem) {
    Bench.close(problem.paged(DType.F32, 32, lanes, 3), problem.oracle(), 1e-11);
    Bench.close(problem.paged(DType.F32, 7, lanes, 2), problem.oracle(), 1e-11);
    Bench.close(problem.paged(DType.F16, 16, lanes, 1), problem.oracle(), 1e-6);
    Bench.close(problem.paged(DType.F8_E4M3, 64, lanes, 2), problem.oracle(), 5e-2);
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("problems")
  void givesTheSameBitsWhateverTheWorkers(String name, Lanes lanes, Problem problem) {
    assertThat(problem.paged(DType.F32, 32, lanes, 1)).containsExactly(problem.paged(DType.F32, 32, lanes, 13));
  }

  @ParameterizedTest
  @EnumSource(Lanes.class)
  void keepsQ8PagesWithinTheirRounding(Lanes lanes) {
    Problem problem = new Problem(2, 2, 64, 32, new int[] {100}, new int[] {3}, Attention.Options.causal(0.125f), new float[0]);
    Bench.close(problem.paged(DType.Q8_0, 16, lanes, 2), problem.oracle(), 1e-3);
  }

  @ParameterizedTest
  @EnumSource(Lanes.class)
  void anEmptySequenceDisturbsNothing(Lanes lanes) {
    Problem problem = new Problem(1, 2, 32, 32, new int[] {20, 0, 9}, new int[] {2, 0, 1}, Attention.Options.causal(0.2f), new float[0]);
    Bench.close(problem.dense(lanes, 2), problem.oracle(), 1e-11);
  }

  @ParameterizedTest
  @EnumSource(Lanes.class)
  void aTokenWithoutPageGivesNaNAndItsNeighboursDoNot(Lanes lanes) {
    KvCache.Spec spec = new KvCache.Spec(1, 1, 8, 8, DType.F32, 4, 4, 2, 8);
    CpuCache pages = CpuCacheAccess.pages(spec);
    pages.memory().fill((byte) 0);
    pages.map(null, 0, 0, 2);
    KvCache cache = CpuCacheAccess.cache(pages);
    Tensor y = Bench.empty(DType.F32, 4, 1, 8);
    Ragged batch = new Ragged(Bench.ints(0, 1, 2, 3, 4), Bench.ints(0, 0, 1, 77), Bench.ints(3, 4, 0, Integer.MAX_VALUE));
    Tensor q = Bench.floats(new float[32], 4, 1, 8);
    Bench.run(new KvAppend(q, q, batch, cache, 0), lanes, 2);
    Bench.run(new Attention(q, new Kv.Paged(cache, 0), batch, Attention.Options.causal(1), Optional.empty(), y), lanes, 2);
    double[] wanted = new double[32];
    Arrays.fill(wanted, 8, 32, Double.NaN);
    Bench.close(Bench.read(y), wanted, 0);
    pages.close();
  }
}
