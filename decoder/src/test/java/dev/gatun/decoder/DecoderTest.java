package dev.gatun.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.ClosedException;
import dev.gatun.DType;
import dev.gatun.Gatun;
import dev.gatun.GatunException;
import dev.gatun.ShapeException;
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
  void sequencesWithOneSeedDifferInABatch() {
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(64).withSequences(2))) {
      assertThat(generate(decoder, DICE, PROMPT, 20)).isNotEqualTo(generate(decoder, DICE, PROMPT, 20));
    }
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
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(32).withCacheType(cacheType));
        Sequence s = decoder.newSequence(Sampling.greedy())) {
      return decoder.logits(s, PROMPT)[PROMPT.length - 1];
    }
  }
}
