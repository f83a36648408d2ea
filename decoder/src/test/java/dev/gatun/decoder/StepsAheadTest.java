package dev.gatun.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.Gatun;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The device working one step ahead of the host: the tokens are those of steps that wait for one another. */
class StepsAheadTest {
  private static final int[] PROMPT = {1, 30, 200, 17, 5, 99, 250};
  private static final Sampling DICE = new Sampling(1.5f, 40, 0.95f, 0.01f, 1, 0, 0, 42);

  @TempDir
  static Path folder;

  private static Backend backend;
  private static Model model;

  @BeforeAll
  static void open() {
    EmulatorCalls.assumeBuilt();
    Path file = RandomModel.small("llama", DType.Q8_0).write(folder.resolve("model.gguf"));
    backend = Gatun.open("cuda-emulated");
    model = Model.open(file);
  }

  @AfterAll
  static void close() {
    if (model != null) {
      model.close();
    }
    if (backend != null) {
      backend.close();
    }
  }

  /** Each token is fed when it is known. */
  private static int[] oneByOne(Sampling sampling, int n) {
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(128)); Sequence sequence = decoder.newSequence(sampling)) {
      int[] ids = new int[n];
      int next = decoder.feed(sequence, PROMPT);
      for (int i = 0; i < n; i++) {
        ids[i] = next;
        next = decoder.feed(sequence, next);
      }
      return ids;
    }
  }

  private static int[] generated(Decoder decoder, Sampling sampling, int n, Set<Integer> stop) {
    try (Sequence sequence = decoder.newSequence(sampling)) {
      return Generation.run(sequence, PROMPT, n, stop, () -> false, id -> {}).ids();
    }
  }

  @Test
  void greedyAndDrawnTokensAreThoseOfSingleSteps() {
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(128))) {
      for (Sampling sampling : List.of(Sampling.greedy(), DICE, Sampling.greedy())) {
        assertThat(generated(decoder, sampling, 40, Set.of())).as("%s", sampling).isEqualTo(oneByOne(sampling, 40));
      }
    }
  }

  @Test
  void penaltiesLookAtEveryToken() {
    Sampling penalized = new Sampling(1.5f, 40, 0.95f, 0.01f, 1.3f, 0.2f, 0.1f, 7);
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(128))) {
      assertThat(generated(decoder, penalized, 20, Set.of())).isEqualTo(oneByOne(penalized, 20));
    }
  }

  @Test
  void aTokenIsOneGraphLaunchAndTwoSmallReads() {
    EmulatorCalls calls = new EmulatorCalls(backend);
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(128)); Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      int first = decoder.feed(sequence, PROMPT);
      decoder.follow(List.of(sequence), new int[] {first}, 2, _ -> true);
      List<Long> counts = new ArrayList<>();
      for (int steps : new int[] {10, 30}) {
        long before = calls.of("cuGraphLaunch");
        long reads = calls.of("cuMemcpyDtoHAsync_v2") + calls.of("cuMemcpyAsync");
        long others = others(calls);
        decoder.follow(List.of(sequence), new int[] {first}, steps, _ -> true);
        assertThat(calls.of("cuGraphLaunch") - before).isEqualTo(steps);
        assertThat(others(calls)).isEqualTo(others);
        counts.add(calls.of("cuMemcpyDtoHAsync_v2") + calls.of("cuMemcpyAsync") - reads);
      }
      assertThat(counts.get(1) - counts.get(0)).as("copies of 20 more steps").isEqualTo(2 * 20);
    }
  }

  private static long others(EmulatorCalls calls) {
    return Stream.of("cuLaunchKernelEx", "cuGraphInstantiateWithFlags", "cuStreamBeginCapture_v2", "cuMemAlloc_v2", "cuEventCreate").mapToLong(calls::of).sum();
  }

  @Test
  void aStopForgetsTheStepThatWasAhead() {
    int[] all = oneByOne(Sampling.greedy(), 30);
    int stop = all[12];
    int at = 0;
    while (all[at] != stop) {
      at++;
    }
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(128)); Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      Generation first = Generation.run(sequence, PROMPT, 30, Set.of(stop), () -> false, id -> {});
      assertThat(first.reason()).isEqualTo(Generation.Reason.STOP_TOKEN);
      assertThat(first.ids()).hasSize(at);
      assertThat(sequence.position()).isEqualTo(PROMPT.length + at);
      Generation rest = Generation.run(sequence, new int[] {stop}, 29 - at, Set.of(), () -> false, id -> {});
      assertThat(rest.ids()).as("as if nothing had been ahead").containsExactly(Arrays.copyOfRange(all, at + 1, 30));
    }
  }

  @Test
  void aFullContextAndTheEndOfTheCallersPatienceEndIt() {
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(12)); Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      Generation full = Generation.run(sequence, PROMPT, 30, Set.of(), () -> false, id -> {});
      assertThat(full.reason()).isEqualTo(Generation.Reason.CONTEXT_FULL);
      assertThat(sequence.position()).isEqualTo(12);
      assertThat(full.ids()).isEqualTo(oneByOne(Sampling.greedy(), 6));
    }
    AtomicInteger asked = new AtomicInteger();
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(64)); Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      Generation cancelled = Generation.run(sequence, PROMPT, 30, Set.of(), () -> asked.incrementAndGet() > 5, id -> {});
      assertThat(cancelled.reason()).isEqualTo(Generation.Reason.CANCELLED);
      assertThat(sequence.position()).isEqualTo(PROMPT.length + cancelled.ids().length - 1);
    }
  }

  @Test
  void aCallbackThatThrowsLeavesTheSequenceUsable() {
    int[] all = oneByOne(Sampling.greedy(), 10);
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(64)); Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      int first = decoder.feed(sequence, PROMPT);
      AtomicInteger taken = new AtomicInteger();
      assertThatThrownBy(() -> decoder.follow(List.of(sequence), new int[] {first}, 20, _ -> {
        if (taken.incrementAndGet() == 3) {
          throw new IllegalStateException("no more");
        }
        return true;
      })).hasMessage("no more");
      assertThat(sequence.position()).isEqualTo(PROMPT.length + 3);
      assertThat(decoder.feed(sequence, all[3])).isEqualTo(all[4]);
    }
  }

  @Test
  void sequencesTogetherGetTheTokensOfEachAlone() {
    try (Decoder decoder = new Decoder(backend, model, DecoderOptions.of(64).withSequences(3));
        Sequence a = decoder.newSequence(Sampling.greedy()); Sequence b = decoder.newSequence(DICE); Sequence c = decoder.newSequence(Sampling.greedy())) {
      int[] first = {decoder.feed(a, PROMPT), decoder.feed(b, 11, 12), decoder.feed(c, 222)};
      List<Integer> ofA = new ArrayList<>(List.of(first[0]));
      decoder.follow(List.of(a, b, c), first, 12, next -> ofA.add(next[0]));
      assertThat(ofA.subList(0, 12)).containsExactly(Arrays.stream(oneByOne(Sampling.greedy(), 12)).boxed().toArray(Integer[]::new));
      assertThat(List.of(a.position(), b.position(), c.position())).containsExactly(PROMPT.length + 12, 14, 13);
    }
  }
}
