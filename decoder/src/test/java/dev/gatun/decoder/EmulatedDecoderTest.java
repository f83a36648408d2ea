package dev.gatun.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.DType;
import dev.gatun.Gatun;
import dev.gatun.GatunException;
import dev.gatun.tck.oracle.Errors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The loop on a device that is not the host's memory: graphs, batches, sampling and caches of the CUDA backend, on the emulator. */
class EmulatedDecoderTest {
  private static final int[] PROMPT = {1, 30, 200, 17, 5, 99, 250};

  @TempDir
  static Path folder;

  private static Path file;
  private static Backend cpu;
  private static Backend backend;
  private static Model model;

  @BeforeAll
  static void open() {
    EmulatorCalls.assumeBuilt();
    file = RandomModel.small("llama", DType.Q8_0).write(folder.resolve("model.gguf"));
    // Without kernels in C, which round activations.
    cpu = Gatun.open("cpu", BackendOptions.none().with("native", "off"));
    backend = Gatun.open("cuda-emulated");
    model = Model.open(file);
  }

  @AfterAll
  static void close() {
    for (AutoCloseable opened : new AutoCloseable[] {model, backend, cpu}) {
      if (opened != null) {
        assertThat(opened).satisfies(AutoCloseable::close);
      }
    }
  }

  private static int[] generate(Decoder decoder, Sampling sampling, int[] prompt, int n) {
    try (Sequence sequence = decoder.newSequence(sampling)) {
      return Generation.run(sequence, prompt, n, Set.of(), () -> false, id -> {}).ids();
    }
  }

  @Test
  void everyTokenReplaysTheOneGraphThatWasCaptured() {
    EmulatorCalls calls = new EmulatorCalls(backend);
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(256)); Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      int next = decoder.feed(sequence, PROMPT);
      next = decoder.feed(sequence, next);
      long launches = calls.of("cuGraphLaunch");
      long others = others(calls);
      // Past the end of the first page of the cache: the block table and the positions change, and the graph does not.
      for (int i = 0; i < 80; i++) {
        next = decoder.feed(sequence, next);
      }
      assertThat(calls.of("cuGraphLaunch") - launches).isEqualTo(80);
      assertThat(others(calls)).isEqualTo(others);
    }
  }

  /** Calls that make memory or graphs, or launch a kernel by itself. */
  private static long others(EmulatorCalls calls) {
    return Stream.of("cuLaunchKernelEx", "cuGraphInstantiateWithFlags", "cuGraphExecUpdate_v2", "cuStreamBeginCapture_v2", "cuMemAlloc_v2",
        "cuMemAllocAsync", "cuMemAllocFromPoolAsync").mapToLong(calls::of).sum();
  }

  @Test
  void samePromptGivesTheCpusLogitsWholeAndInChunks() {
    float[][] expected;
    try (Decoder decoder = new Decoder(cpu, model, DecoderOptions.of(32)); Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      expected = decoder.logits(sequence, PROMPT);
    }
    for (int chunk : new int[] {7, 3, 1}) {
      try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(32).withChunk(chunk));
          Sequence sequence = decoder.newSequence(Sampling.greedy())) {
        float[][] logits = decoder.logits(sequence, PROMPT);
        for (int t = 0; t < PROMPT.length; t++) {
          // One of the two rounds activations to 8 bits beside weights of 8 bits.
          assertThat(Errors.between(wide(expected[t]), wide(logits[t])).nmse()).as("chunk %d, token %d", chunk, t).isLessThan(1e-3);
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
  void neighboursInABatchNeverChangeASequence() {
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(64).withSequences(3))) {
      int[] alone = generate(decoder, Sampling.greedy(), PROMPT, 8);
      for (int other : new int[] {11, 222}) {
        try (Sequence a = decoder.newSequence(Sampling.greedy()); Sequence b = decoder.newSequence(Sampling.greedy());
            Sequence c = decoder.newSequence(Sampling.greedy())) {
          int[] next = {decoder.feed(a, PROMPT), decoder.feed(b, other, other + 1), decoder.feed(c, other)};
          int[] mine = new int[alone.length];
          for (int i = 0; i < mine.length; i++) {
            mine[i] = next[0];
            next = decoder.feed(List.of(a, b, c), next);
          }
          assertThat(mine).isEqualTo(alone);
        }
      }
    }
  }

  @Test
  void sequencesComeAndGoWhileOthersDecode() {
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(64).withSequences(2))) {
      int[] alone = generate(decoder, Sampling.greedy(), PROMPT, 6);
      int[] mine = new int[alone.length];
      try (Sequence a = decoder.newSequence(Sampling.greedy())) {
        int next = decoder.feed(a, PROMPT);
        for (int i = 0; i < mine.length; i++) {
          mine[i] = next;
          try (Sequence visitor = decoder.newSequence(Sampling.greedy())) {
            int theirs = decoder.feed(visitor, 7 + i, 8, 9);
            next = decoder.feed(List.of(visitor, a), new int[] {theirs, next})[1];
          }
        }
      }
      assertThat(mine).isEqualTo(alone);
    }
  }

  @Test
  void samplingChoosesWhatTheCpuChooses() {
    Sampling dice = new Sampling(1.5f, 40, 0.95f, 0.01f, 1.1f, 0.1f, 0.1f, 42);
    // Weights and activations as they are, so that both backends see the same distribution but for rounding.
    Path exact = RandomModel.small("llama", DType.F32).write(folder.resolve("exact.gguf"));
    try (Model plain = Model.open(exact); Decoder mine = new Decoder(backend, plain, DecoderOptions.of(64));
        Decoder theirs = new Decoder(cpu, plain, DecoderOptions.of(64))) {
      int[] drawn = generate(mine, dice, PROMPT, 20);
      assertThat(drawn).isEqualTo(generate(theirs, dice, PROMPT, 20)).isEqualTo(generate(mine, dice, PROMPT, 20));
    }
  }

  @Test
  void narrowActivationsChangeAPromptsLogitsByTheirRoundingAndNothingElse() {
    int[] prompt = new int[20];
    Arrays.setAll(prompt, i -> 3 + 7 * i);
    for (Backend on : List.of(backend, cpu)) {
      float[] exact = logitsOf(on, prompt, DType.F32, DType.F32);
      for (DType type : List.of(DType.F16, DType.BF16)) {
        float[] rounded = logitsOf(on, prompt, type, type);
        assertThat(rounded).as("%s on %s", type, on.name()).isNotEqualTo(exact);
        assertThat(Errors.between(wide(exact), wide(rounded)).nmse()).as("%s on %s", type, on.name()).isLessThan(1e-3);
      }
      // Eight tokens and fewer stream the weights.
      assertThat(logitsOf(on, PROMPT, DType.F32, DType.BF16)).as("few tokens on %s", on.name()).isEqualTo(logitsOf(on, PROMPT, DType.F32, DType.F32));
    }
  }

  private static float[] logitsOf(Backend on, int[] prompt, DType cacheType, DType activations) {
    try (Decoder decoder = new Decoder(on, model, DecoderOptions.of(32).withCacheType(cacheType).withActivations(activations));
        Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      float[][] logits = decoder.logits(sequence, prompt);
      return logits[logits.length - 1];
    }
  }

  @Test
  void everyCacheTypeDecodes() {
    float[] exact = last(DType.F32);
    for (DType type : List.of(DType.F16, DType.BF16, DType.F8_E4M3)) {
      double nmse = Errors.between(wide(exact), wide(last(type))).nmse();
      assertThat(nmse).as("%s", type).isLessThan(type == DType.F8_E4M3 ? 0.02 : 1e-3);
    }
  }

  private static float[] last(DType cacheType) {
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(32).withCacheType(cacheType));
        Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      float[][] logits = decoder.logits(sequence, PROMPT);
      return logits[logits.length - 1];
    }
  }

  @Test
  void launchesOneByOneGiveTheBitsOfTheGraph() {
    EmulatorCalls calls = new EmulatorCalls(backend);
    float[] replayed = last(DType.F32);
    try (Backend plain = Gatun.open("cuda-emulated", BackendOptions.none().with("graph", "off"));
        Decoder decoder = new Decoder(plain, model, DecoderOptions.of(32)); Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      long graphs = calls.of("cuGraphLaunch");
      float[][] logits = decoder.logits(sequence, PROMPT);
      assertThat(logits[logits.length - 1]).isEqualTo(replayed);
      assertThat(calls.of("cuGraphLaunch")).isEqualTo(graphs);
    }
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
  void cacheLargerThanTheDevicesMemoryIsRefusedWithTheBytes() {
    DecoderOptions huge = DecoderOptions.of(1 << 24).withSequences(64);
    assertThatThrownBy(() -> new Decoder(backend, model, huge)).isInstanceOf(ModelException.class).hasMessageContaining("model.gguf")
        .hasMessageContaining(backend.device().memoryBytes() + " are available");
  }
}
