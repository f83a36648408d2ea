package dev.gatun.cpu.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.MlaAttention;
import dev.gatun.MlaAttention.Up;
import dev.gatun.Ragged;
import dev.gatun.Tensor;
import dev.gatun.cpu.CpuCache;
import dev.gatun.cpu.CpuCacheAccess;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class MlaKernelTest {
  private static final int ROPE = 8;

  /** Sequences of latent rows, the last {@code fresh[s]} tokens of which are this step's. */
  private static final class Problem {
    final int heads;
    final int rank;
    final int nope;
    final int valueSize;
    final int[] contexts;
    final int[] fresh;
    final boolean causal;
    final float[][] latents;
    final float[] queries;
    final float[] up;
    final float[] values;
    final float scale;

    Problem(int heads, int rank, int nope, int valueSize, boolean causal, int[] contexts, int... fresh) {
      this.heads = heads;
      this.rank = rank;
      this.nope = nope;
      this.valueSize = valueSize;
      this.contexts = contexts;
      this.fresh = fresh;
      this.causal = causal;
      this.scale = (float) (1 / Math.sqrt(nope + ROPE));
      Random random = new Random(11);
      latents = new float[contexts.length][];
      for (int s = 0; s < contexts.length; s++) {
        latents[s] = random(random, contexts[s] * (rank + ROPE), 1);
      }
      queries = random(random, tokens() * heads * (nope + ROPE), 1);
      up = random(random, heads * rank * nope, 1 / Math.sqrt(rank));
      values = random(random, heads * rank * valueSize, 1 / Math.sqrt(rank));
    }

    private static float[] random(Random random, int n, double factor) {
      float[] values = new float[n];
      for (int i = 0; i < n; i++) {
        values[i] = (float) (factor * random.nextGaussian());
      }
      return values;
    }

    int tokens() {
      return Arrays.stream(fresh).sum();
    }

    /** Keys and values made one by one, then attended over in float64. */
    double[] expected() {
      double[] y = new double[tokens() * heads * valueSize];
      int token = 0;
      for (int s = 0; s < contexts.length; s++) {
        for (int i = 0; i < fresh[s]; i++, token++) {
          int seen = causal ? contexts[s] - fresh[s] + i + 1 : contexts[s];
          for (int h = 0; h < heads; h++) {
            row(s, token, h, seen, y);
          }
        }
      }
      return y;
    }

    private void row(int s, int token, int head, int seen, double[] y) {
      int query = (token * heads + head) * (nope + ROPE);
      double[] weights = new double[seen];
      double sum = 0;
      for (int j = 0; j < seen; j++) {
        int at = j * (rank + ROPE);
        double score = 0;
        for (int n = 0; n < nope; n++) {
          double key = 0;
          for (int c = 0; c < rank; c++) {
            key += (double) up[(head * rank + c) * nope + n] * latents[s][at + c];
          }
          score += queries[query + n] * key;
        }
        for (int p = 0; p < ROPE; p++) {
          score += (double) queries[query + nope + p] * latents[s][at + rank + p];
        }
        weights[j] = Math.exp(scale * score);
        sum += weights[j];
      }
      for (int v = 0; v < valueSize; v++) {
        double result = 0;
        for (int j = 0; j < seen; j++) {
          double value = 0;
          for (int c = 0; c < rank; c++) {
            value += (double) values[(head * valueSize + v) * rank + c] * latents[s][j * (rank + ROPE) + c];
          }
          result += weights[j] / sum * value;
        }
        y[(token * heads + head) * valueSize + v] = result;
      }
    }

    /** W_uk as files have it that keep keys and values in one tensor, whose views the operator is given. */
    Up both() {
      float[] both = new float[heads * (nope + valueSize) * rank];
      for (int h = 0; h < heads; h++) {
        for (int c = 0; c < rank; c++) {
          for (int n = 0; n < nope; n++) {
            both[(h * (nope + valueSize) + n) * rank + c] = up[(h * rank + c) * nope + n];
          }
          for (int v = 0; v < valueSize; v++) {
            both[(h * (nope + valueSize) + nope + v) * rank + c] = values[(h * valueSize + v) * rank + c];
          }
        }
      }
      return Up.ofBoth(Bench.floats(both, (long) heads * (nope + valueSize), rank), heads, nope);
    }

    Up apart() {
      return Up.of(Bench.floats(up, heads, rank, nope), Bench.floats(values, heads, valueSize, rank));
    }

    float[] run(DType type, int pageTokens, Up weights, Lanes lanes, int workers) {
      int longest = Arrays.stream(contexts).max().getAsInt();
      KvCache.Spec spec = KvCache.Spec.latent(2, rank, ROPE, type, pageTokens, contexts.length * Math.ceilDiv(longest, pageTokens), contexts.length, longest);
      CpuCache pages = CpuCacheAccess.pages(spec);
      pages.memory().fill((byte) 0xFF);
      KvCache cache = CpuCacheAccess.cache(pages);
      int free = spec.pages();
      int[] slots = new int[contexts.length];
      int[] starts = new int[contexts.length + 1];
      int[] positions = new int[tokens()];
      for (int s = 0; s < contexts.length; s++) {
        for (int i = 0; i < Math.ceilDiv(contexts[s], pageTokens); i++) {
          pages.map(null, s, i, --free);
        }
        int[] all = new int[contexts[s]];
        Arrays.setAll(all, i -> i);
        Bench.run(KvAppend.latent(Bench.floats(latents[s], contexts[s], 1, rank + ROPE), new Ragged(Bench.ints(0, contexts[s]), Bench.ints(s), Bench.ints(all)), cache, 1),
            lanes, workers);
        slots[s] = s;
        starts[s + 1] = starts[s] + fresh[s];
        for (int i = 0; i < fresh[s]; i++) {
          positions[starts[s] + i] = contexts[s] - fresh[s] + i;
        }
      }
      Tensor q = Bench.floats(queries, tokens(), heads, nope + ROPE);
      Tensor y = Bench.empty(DType.F32, tokens(), heads, valueSize);
      Bench.run(new MlaAttention(q.slice(2, 0, nope), q.slice(2, nope, nope + ROPE), new Kv.Paged(cache, 1), weights,
          new Ragged(Bench.ints(starts), Bench.ints(slots), Bench.ints(positions)), scale, causal, y), lanes, workers);
      pages.close();
      return Bench.read(y);
    }
  }

  static Stream<Arguments> problems() {
    return Stream.of(Lanes.values()).flatMap(lanes -> Stream.of(
        Arguments.of("decode", lanes, new Problem(5, 40, 24, 16, true, new int[] {70, 1, 33}, 1, 1, 1)),
        Arguments.of("decode over ranges", lanes, new Problem(3, 32, 8, 8, true, new int[] {400, 129}, 1, 1)),
        Arguments.of("a few tokens", lanes, new Problem(2, 33, 9, 5, true, new int[] {50, 20}, 9, 3)),
        Arguments.of("prefill, expanded", lanes, new Problem(2, 64, 8, 12, true, new int[] {90}, 80)),
        Arguments.of("prefill in blocks, expanded", lanes, new Problem(2, 24, 8, 8, true, new int[] {300}, 290)),
        Arguments.of("prefill of two, expanded, all seen", lanes, new Problem(1, 64, 8, 8, false, new int[] {70, 65}, 70, 64))));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("problems")
  void agreesWithKeysAndValuesMadeOneByOne(String name, Lanes lanes, Problem problem) {
    double[] expected = problem.expected();
    Bench.close(problem.run(DType.F32, 16, problem.apart(), lanes, 3), expected, 1e-11);
    Bench.close(problem.run(DType.F32, 7, problem.both(), lanes, 2), expected, 1e-11);
    Bench.close(problem.run(DType.F16, 16, problem.apart(), lanes, 1), expected, 1e-6);
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("problems")
  void givesTheSameBitsWhateverTheWorkers(String name, Lanes lanes, Problem problem) {
    assertThat(problem.run(DType.F16, 16, problem.apart(), lanes, 1)).containsExactly(problem.run(DType.F16, 16, problem.apart(), lanes, 7));
  }

  private static CpuPlan plan(int tokens, int sequences, DType type, int slotTokens) {
    KvCache.Spec spec = KvCache.Spec.latent(1, 512, 64, type, 16, 1, sequences, slotTokens);
    CpuCache pages = CpuCacheAccess.pages(spec);
    Up up = Up.of(Bench.empty(DType.F16, 16, 512, 128), Bench.empty(DType.F16, 16, 128, 512));
    Ragged batch = new Ragged(Bench.empty(DType.I32, sequences + 1), Bench.empty(DType.I32, sequences), Bench.empty(DType.I32, tokens));
    MlaAttention operator = new MlaAttention(Bench.empty(DType.F32, tokens, 16, 128), Bench.empty(DType.F32, tokens, 16, 64), new Kv.Paged(CpuCacheAccess.cache(pages), 0), up,
        batch, 1, true, Bench.empty(DType.F32, tokens, 16, 128));
    CpuPlan plan = (CpuPlan) Bench.kernels(Lanes.SCALAR).plan(operator, 2);
    pages.close();
    return plan;
  }

  @Test
  void countsTheLatentRowsOnceForAllHeads() {
    long weights = 2L * 16 * 512 * 256;
    long rows = 4L * 16 * (128 + 64 + 128);
    long batch = 4 * 4;
    assertThat(plan(1, 1, DType.F16, 1000).bytes()).isEqualTo(weights + rows + batch + 1000L * 2 * 576);
    assertThat(plan(1, 1, DType.Q8_0, 1000).bytes()).isEqualTo(weights + rows + batch + 1000L * 576 / 32 * 34);
  }

  @Test
  void absorbsForFewTokensOfASequenceAndExpandsForMany() {
    assertThat(plan(1, 1, DType.F16, 4096).kernel()).startsWith("mla_attention_absorbed");
    assertThat(plan(64, 64, DType.F16, 4096).kernel()).startsWith("mla_attention_absorbed");
    assertThat(plan(512, 512, DType.F16, 4096).kernel()).startsWith("mla_attention_absorbed");
    assertThat(plan(512, 1, DType.F16, 4096).kernel()).startsWith("mla_attention_expanded");
    assertThat(plan(512, 1, DType.F16, 4096).rejected()).singleElement().asString().startsWith("absorbed: ");
  }
}
