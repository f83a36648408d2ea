package dev.gatun.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.ClosedException;
import dev.gatun.DType;
import dev.gatun.Gatun;
import dev.gatun.GatunException;
import dev.gatun.KvCache;
import dev.gatun.ShapeException;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Errors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The loop, batches, sampling and limits, on a small model with random weights. */
class DecoderTest {
  private static final int[] PROMPT = {1, 30, 200, 17, 5, 99, 250};
  private static final Sampling DICE = new Sampling(1.5f, 0, 1, 0, 1, 0, 0, 42);

  @TempDir
  static Path folder;

  private Path file;
  private Backend backend;
  private Model model;

  @BeforeEach
  void open() {
    file = RandomModel.small("llama", DType.Q8_0).write(folder.resolve("model.gguf"));
    backend = Gatun.open("cpu");
    model = Model.open(file);
  }

  @AfterEach
  void close() {
    backend.close();
    model.close();
  }

  private static int[] generate(Decoder decoder, Sampling sampling, int[] prompt, int n) {
    try (Sequence sequence = decoder.newSequence(sampling)) {
      return Generation.run(sequence, prompt, n, Set.of(), () -> false, id -> {}).ids();
    }
  }

  @Test
  void chunkedPromptGivesTheLogitsOfAWholeOne() {
    float[][] whole;
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(32)); Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      whole = decoder.logits(sequence, PROMPT);
    }
    for (int chunk : new int[] {1, 2, 3, 5}) {
      try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(32).withChunk(chunk));
          Sequence sequence = decoder.newSequence(Sampling.greedy())) {
        float[][] parts = decoder.logits(sequence, PROMPT);
        for (int t = 0; t < PROMPT.length; t++) {
          assertThat(Errors.between(wide(whole[t]), wide(parts[t])).nmse()).isLessThan(1e-10);
        }
      }
    }
  }

  private static double[] wide(float[] values) {
    double[] doubles = new double[values.length];
    Arrays.setAll(doubles, i -> values[i]);
    return doubles;
  }

  @Test
  void sameTokensForAnyNumberOfThreadsAndAgain() {
    int[] first = null;
    for (int threads : new int[] {1, 2, 3, 2}) {
      try (Backend some = Gatun.open("cpu", BackendOptions.none().with("threads", threads));
          Decoder decoder = new Decoder(some, model, DecoderOptions.of(64)); Sequence sequence = decoder.newSequence(Sampling.greedy())) {
        float[][] logits = decoder.logits(sequence, PROMPT);
        int[] bits = new int[logits[6].length];
        Arrays.setAll(bits, i -> Float.floatToRawIntBits(logits[6][i]));
        first = first == null ? bits : first;
        assertThat(bits).isEqualTo(first);
      }
    }
  }

  @Test
  void neighboursInABatchNeverChangeASequence() {
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(64).withSequences(3))) {
      List<int[]> results = new ArrayList<>();
      for (int other : new int[] {11, 222}) {
        try (Sequence a = decoder.newSequence(Sampling.greedy()); Sequence b = decoder.newSequence(Sampling.greedy());
            Sequence c = decoder.newSequence(Sampling.greedy())) {
          int[] next = {decoder.feed(a, PROMPT), decoder.feed(b, other, other + 1), decoder.feed(c, other)};
          int[] mine = new int[10];
          for (int i = 0; i < mine.length; i++) {
            mine[i] = next[0];
            next = decoder.feed(List.of(a, b, c), next);
          }
          results.add(mine);
        }
      }
      assertThat(results.get(0)).isEqualTo(results.get(1)).isEqualTo(generate(decoder, Sampling.greedy(), PROMPT, 10));
    }
  }

  @Test
  void samplingRepeatsWithItsSeedAndVariesWithAnother() {
    List<int[]> texts = new ArrayList<>();
    for (long seed : new long[] {42, 42, 43}) {
      try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(64))) {
        texts.add(generate(decoder, new Sampling(1.5f, 0, 1, 0, 1, 0, 0, seed), PROMPT, 20));
      }
    }
    assertThat(texts.get(0)).isEqualTo(texts.get(1)).isNotEqualTo(texts.get(2));
  }

  @Test
  void topKOfOneIsGreedyAndPenaltiesDriveOutRepeats() {
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(128))) {
      assertThat(generate(decoder, Sampling.of(2f, 1, 1, 7), PROMPT, 12)).isEqualTo(generate(decoder, Sampling.greedy(), PROMPT, 12));
      int[] varied = generate(decoder, new Sampling(0, 0, 1, 0, 1, 0, 1e6f, 0), PROMPT, 40);
      assertThat(Arrays.stream(varied).distinct().count()).isEqualTo(40);
      assertThat(varied).doesNotContain(PROMPT);
    }
  }

  @Test
  void sequencesWithOneSeedDifferWhileOpenTogether() {
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(64).withSequences(2))) {
      int[] alone = generate(decoder, DICE, PROMPT, 20);
      try (Sequence other = decoder.newSequence(DICE)) {
        assertThat(other.position()).isZero();
        assertThat(generate(decoder, DICE, PROMPT, 20)).isNotEqualTo(alone);
      }
    }
  }

  @Test
  void sameRequestOnAnIdleDecoderGivesTheSameText() {
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(64).withSequences(2))) {
      int[] first = generate(decoder, DICE, PROMPT, 20);
      assertThat(generate(decoder, DICE, PROMPT, 20)).isEqualTo(first);
      try (Decoder another = new Decoder(backend, model, DecoderOptions.of(64))) {
        assertThat(generate(another, DICE, PROMPT, 20)).isEqualTo(first);
      }
    }
  }

  @Test
  void hugeLimitTakesNoMoreMemoryThanTheContext() {
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(16))) {
      assertThat(generate(decoder, Sampling.greedy(), PROMPT, Integer.MAX_VALUE)).hasSize(16 - PROMPT.length + 1);
      assertThat(generate(decoder, Sampling.greedy(), PROMPT, -1)).isEmpty();
    }
  }

  @Test
  void promptIsCancelledBetweenChunks() {
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(32).withChunk(2).withSequences(2));
        Sequence s = decoder.newSequence(Sampling.greedy())) {
      AtomicInteger asked = new AtomicInteger();
      List<Integer> heard = new ArrayList<>();
      Generation cancelled = Generation.run(s, PROMPT, 5, Set.of(), () -> asked.incrementAndGet() == 3, heard::add);
      assertThat(cancelled.reason()).isEqualTo(Generation.Reason.CANCELLED);
      assertThat(cancelled.ids()).isEmpty();
      assertThat(heard).isEmpty();
      assertThat(s.ids()).containsExactly(1, 30, 200, 17);
      int resumed = decoder.feed(s, 5, 99, 250);
      assertThat(new int[] {resumed}).isEqualTo(generate(decoder, Sampling.greedy(), PROMPT, 1));
    }
  }

  @Test
  void failedStepLeavesTheSequencesWhereTheyWere() {
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(32).withSequences(2))) {
      try (Sequence s = decoder.newSequence(Sampling.greedy())) {
        decoder.feed(s, PROMPT);
        decoder.executable(1).close();
        assertThatThrownBy(() -> decoder.feed(s, 5)).isInstanceOf(GatunException.class);
        assertThat(s.position()).isEqualTo(PROMPT.length);
        assertThat(s.ids()).isEqualTo(PROMPT);
        int next = decoder.feed(s, 5, 99);
        int[] whole = Arrays.copyOf(PROMPT, PROMPT.length + 2);
        whole[PROMPT.length] = 5;
        whole[PROMPT.length + 1] = 99;
        assertThat(new int[] {next}).isEqualTo(generate(decoder, Sampling.greedy(), whole, 1));
      }
    }
  }

  @Test
  void cacheLargerThanMemoryIsRefusedWithTheBytes() {
    KvCache.Spec spec = CacheSpace.spec(file, model.dimensions(), DecoderOptions.of(6400).withSequences(10));
    CacheSpace.check(file, spec, 512L * 6400 * 10);
    assertThatThrownBy(() -> CacheSpace.check(file, spec, 512L * 6400 * 10 - 1)).isInstanceOf(ModelException.class).hasMessageContaining("model.gguf")
        .hasMessageContaining("needs " + 512L * 6400 * 10 + " bytes").hasMessageContaining("are available").hasMessageContaining("--cache-type f16");
    DecoderOptions countless = DecoderOptions.of(1 << 24).withSequences(Integer.MAX_VALUE);
    assertThatThrownBy(() -> new Decoder(backend, model, countless)).isInstanceOf(ModelException.class).hasMessageContaining("fewer sequences");
    assertThatThrownBy(() -> DecoderOptions.of(Integer.MAX_VALUE)).isInstanceOf(ShapeException.class).hasMessageContaining("2147483647");
  }

  @Test
  void availableMemoryIsReadAsTheKernelWritesIt() {
    assertThat(CacheSpace.left(List.of("MemTotal:       32000000 kB", "MemAvailable:   12345 kB"))).hasValue(12345 * 1024);
    assertThat(CacheSpace.left(List.of("MemTotal:       32000000 kB", "MemAvailable: none"))).isEmpty();
  }

  @Test
  void errorsNameTheFile() {
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(8)); Sequence s = decoder.newSequence(Sampling.greedy())) {
      assertThatThrownBy(() -> decoder.feed(s, 300)).isInstanceOf(ShapeException.class).hasMessageStartingWith(file + ": ");
      assertThatThrownBy(() -> decoder.logits(s, 300)).isInstanceOf(ShapeException.class).hasMessageStartingWith(file + ": ");
      assertThatThrownBy(() -> decoder.feed(List.of(s), new int[0])).isInstanceOf(ShapeException.class).hasMessageStartingWith(file + ": ");
      assertThatThrownBy(() -> decoder.feed(s, new int[9])).isInstanceOf(ContextFullException.class).hasMessageStartingWith(file + ": ");
      assertThatThrownBy(() -> decoder.newSequence(DICE)).isInstanceOf(GatunException.class).hasMessageStartingWith(file + ": ");
    }
    assertThatThrownBy(() -> new Decoder(backend, model, DecoderOptions.of(8).withCacheType(DType.Q6_K))).isInstanceOf(GatunException.class)
        .hasMessageStartingWith(file + ": ").hasMessageNotContaining("\n");
  }

  @Test
  void stopsAtStopTokensLimitsCancellationAndAFullContext() {
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(16))) {
      int[] free = generate(decoder, Sampling.greedy(), PROMPT, 5);
      try (Sequence s = decoder.newSequence(Sampling.greedy())) {
        Generation stopped = Generation.run(s, PROMPT, 5, Set.of(free[0]), () -> false, id -> {});
        assertThat(stopped.reason()).isEqualTo(Generation.Reason.STOP_TOKEN);
        assertThat(stopped.ids()).isEmpty();
      }
      try (Sequence s = decoder.newSequence(Sampling.greedy())) {
        List<Integer> heard = new ArrayList<>();
        Generation cancelled = Generation.run(s, PROMPT, 5, Set.of(), () -> heard.size() == 2, heard::add);
        assertThat(cancelled.reason()).isEqualTo(Generation.Reason.CANCELLED);
        assertThat(cancelled.ids()).containsExactly(free[0], free[1]);
      }
      try (Sequence s = decoder.newSequence(Sampling.greedy())) {
        Generation full = Generation.run(s, PROMPT, 100, Set.of(), () -> false, id -> {});
        assertThat(full.reason()).isEqualTo(Generation.Reason.CONTEXT_FULL);
        assertThat(full.ids()).hasSize(16 - PROMPT.length + 1);
        assertThatThrownBy(() -> decoder.feed(s, 5)).isInstanceOf(ContextFullException.class).hasMessageContaining("context of 16");
        assertThat(s.position()).isEqualTo(16);
      }
    }
  }

  @Test
  void promptLongerThanTheContextIsRefusedWhole() {
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(4)); Sequence s = decoder.newSequence(Sampling.greedy())) {
      assertThatThrownBy(() -> decoder.feed(s, PROMPT)).isInstanceOf(ContextFullException.class).hasMessageContaining("7 more tokens");
      assertThat(s.position()).isZero();
    }
  }

  @Test
  void slotsAreGivenBack() {
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(16))) {
      for (int i = 0; i < 5; i++) {
        try (Sequence s = decoder.newSequence(Sampling.greedy())) {
          decoder.feed(s, PROMPT);
          assertThatThrownBy(() -> decoder.newSequence(Sampling.greedy())).isInstanceOf(GatunException.class).hasMessageContaining("slots");
        }
      }
    }
  }

  @Test
  void wrongTokensAndClosedHandlesAreErrors() {
    Decoder decoder = new Decoder(backend, model, DecoderOptions.of(16));
    Sequence s = decoder.newSequence(Sampling.greedy());
    assertThatThrownBy(() -> decoder.feed(s)).isInstanceOf(ShapeException.class);
    assertThatThrownBy(() -> decoder.feed(s, 300)).isInstanceOf(ShapeException.class).hasMessageContaining("300");
    assertThatThrownBy(() -> decoder.feed(s, -1)).isInstanceOf(ShapeException.class);
    s.close();
    assertThatThrownBy(() -> decoder.feed(s, 1)).isInstanceOf(ClosedException.class);
    decoder.close();
    assertThatThrownBy(() -> decoder.newSequence(Sampling.greedy())).isInstanceOf(ClosedException.class);
  }

  @Test
  void nanWeightsAreReportedWithTheFile() throws IOException {
    Path broken = RandomModel.small("llama", DType.F32).write(folder.resolve("nan.gguf"));
    long at;
    try (Model whole = Model.open(broken)) {
      at = whole.gguf().entries().stream().filter(e -> e.name().equals("blk.1.ffn_down.weight")).findFirst().orElseThrow().offset();
    }
    try (FileChannel channel = FileChannel.open(broken, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(0, Float.NaN), at);
    }
    try (Model damaged = Model.open(broken); Decoder decoder = new Decoder(backend, damaged, DecoderOptions.of(16));
        Sequence s = decoder.newSequence(Sampling.greedy())) {
      assertThatThrownBy(() -> decoder.feed(s, PROMPT)).isInstanceOf(GatunException.class).hasMessageContaining("nan.gguf")
          .hasMessageContaining("not finite");
    }
  }

  @Test
  void everyCacheTypeDecodes() {
    float[] exact = lastLogits(DType.F32);
    for (DType type : List.of(DType.F16, DType.BF16, DType.F8_E4M3)) {
      assertThat(Errors.between(wide(exact), wide(lastLogits(type))).nmse()).as("%s", type).isLessThan(type == DType.F8_E4M3 ? 1e-2 : 1e-4);
    }
  }

  private float[] lastLogits(DType cacheType) {
    // Kernels in C round activations, which makes more of a small difference.
    try (Backend exact = Gatun.open("cpu", BackendOptions.none().with("native", "off"));
        Decoder decoder = new Decoder(exact, model, DecoderOptions.of(32).withCacheType(cacheType));
        Sequence s = decoder.newSequence(Sampling.greedy())) {
      return decoder.logits(s, PROMPT)[PROMPT.length - 1];
    }
  }
}
