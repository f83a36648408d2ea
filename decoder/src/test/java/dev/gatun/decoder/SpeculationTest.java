package dev.gatun.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.Gatun;
import dev.gatun.ShapeException;
import dev.gatun.decoder.tokenizer.SharedData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Drafts change how many steps a text takes, never the text. */
class SpeculationTest {
  private static final String PROMPT = "Once upon a time there was a dog. The dog was big. The dog";
  private static final Sampling DICE = new Sampling(0.8f, 40, 0.95f, 0, 1.1f, 0, 0, 7);

  @TempDir
  static Path folder;

  private record Told(Generation generation, int[] held, int pages) {}

  private static Told tell(Decoder decoder, Sampling sampling, int[] prompt, int limit, Set<Integer> stop, Speculation speculation) {
    try (Sequence sequence = decoder.newSequence(sampling)) {
      Generation told = speculation == null ? Generation.run(sequence, prompt, limit, stop, () -> false, id -> {})
          : Generation.run(sequence, prompt, limit, stop, () -> false, id -> {}, speculation);
      return new Told(told, sequence.ids(), decoder.cachePagesInUse());
    }
  }

  private static void same(Told found, Told wanted) {
    assertThat(found.generation().ids()).isEqualTo(wanted.generation().ids());
    assertThat(found.generation().reason()).isEqualTo(wanted.generation().reason());
    assertThat(found.generation().decodeSteps()).isEqualTo(wanted.generation().decodeSteps());
    assertThat(found.held()).as("what is in the cache").isEqualTo(wanted.held());
    assertThat(found.pages()).isEqualTo(wanted.pages());
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "cuda-emulated"})
  void theTextIsTheOneWithoutADraft(String name) {
    if (!name.equals("cpu")) {
      EmulatorCalls.assumeBuilt();
    }
    boolean fast = name.equals("cpu");
    int tokens = fast ? 160 : 24;
    try (Backend backend = Gatun.open(name); Model target = Model.open(SharedData.file("models/stories260K-F32.gguf"));
        Model smaller = Model.open(SharedData.file("models/stories260K-Q4_0.gguf"))) {
      int[] prompt = target.tokenizer().encode(PROMPT, true, true);
      DecoderOptions options = DecoderOptions.of(256);
      try (Decoder decoder = new Decoder(backend, target, options); Decoder draft = new Decoder(backend, smaller, options)) {
        for (Sampling sampling : List.of(Sampling.greedy(), DICE)) {
          Told wanted = tell(decoder, sampling, prompt, tokens, Set.of(), null);
          for (int most : fast ? new int[] {1, 4, 7} : new int[] {5}) {
            try (Speculation lookup = Speculation.byLookup(most); Speculation model = Speculation.byModel(target, draft, most)) {
              same(tell(decoder, sampling, prompt, tokens, Set.of(), lookup), wanted);
              if (!fast && !sampling.isGreedy()) {
                continue;
              }
              same(tell(decoder, sampling, prompt, tokens, Set.of(), model), wanted);
              assertThat(model.accepted()).as("a model of the same weights, rounded").isGreaterThan(tokens / 3);
              assertThat(model.steps()).isEqualTo(tokens - 1 - model.accepted());
            }
          }
        }
      }
    }
  }

  @Test
  void everyGoldenTextStaysWhatItIs() throws IOException {
    long accepted = 0;
    try (Backend backend = Gatun.open("cpu")) {
      for (Golden golden : Golden.all()) {
        accepted += golden.compareSpeculated(backend);
      }
    }
    assertThat(accepted).as("texts of random weights repeat themselves").isGreaterThan(100);
  }

  @Test
  void stopTokensLimitsAndFullContextsEndItAtTheSamePlace() {
    try (Backend backend = Gatun.open("cpu"); Model model = Model.open(RandomModel.small("llama", DType.F32).write(folder.resolve("ends.gguf")));
        Decoder decoder = new Decoder(backend, model, DecoderOptions.of(48)); Decoder draft = new Decoder(backend, model, DecoderOptions.of(48))) {
      int[] prompt = {1, 30, 200, 17, 5, 99, 250};
      int[] free = tell(decoder, Sampling.greedy(), prompt, 30, Set.of(), null).generation().ids();
      List<Set<Integer>> stops = new ArrayList<>(List.of(Set.of()));
      for (int i = 0; i < 12; i++) {
        stops.add(Set.of(free[i]));
      }
      for (int limit : new int[] {1, 2, 7, 30, 1000}) {
        for (Set<Integer> stop : stops) {
          Told wanted = tell(decoder, Sampling.greedy(), prompt, limit, stop, null);
          try (Speculation own = Speculation.byModel(model, draft, 5); Speculation lookup = Speculation.byLookup(5)) {
            same(tell(decoder, Sampling.greedy(), prompt, limit, stop, own), wanted);
            same(tell(decoder, Sampling.greedy(), prompt, limit, stop, lookup), wanted);
            assertThat(own.accepted()).as("its own guesses are right").isEqualTo(own.drafted());
          }
        }
      }
    }
  }

  @Test
  void lookupCopiesWhatStoodBehindTheLongestMatch() {
    try (Backend backend = Gatun.open("cpu"); Model model = Model.open(RandomModel.small("llama", DType.F32).write(folder.resolve("lookup.gguf")));
        Decoder decoder = new Decoder(backend, model, DecoderOptions.of(64)); Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      decoder.feed(sequence, 10, 11, 12, 13, 20, 11, 12, 14, 21, 10, 11);
      assertThat(guesses(sequence, 12, 3)).as("after 10 11 12, not after 11 12").containsExactly(13, 20, 11);
      assertThat(guesses(sequence, 99, 3)).as("never seen").isEmpty();
      assertThat(guesses(sequence, 21, 3)).as("alone no match").isEmpty();
      decoder.feed(sequence, 30, 31, 30);
      assertThat(guesses(sequence, 31, 5)).as("guesses go on with themselves").containsExactly(30, 31, 30, 31, 30);
    }
  }

  private static int[] guesses(Sequence sequence, int next, int most) {
    int[] into = new int[most];
    return Arrays.copyOf(into, new LookupDraft().propose(sequence, next, into));
  }

  @Test
  void aDraftOfAnotherVocabularyIsRefused() {
    Path other = RandomModel.small("llama", DType.F32).write(folder.resolve("other.gguf"), Set.of(),
        writer -> RandomModel.vocabulary(writer, 299));
    Path wider = new RandomModel("llama", 1, 64, 96, 4, 2, 16, 900, false, DType.F32).write(folder.resolve("wider.gguf"));
    Path whole = RandomModel.small("llama", DType.F32).write(folder.resolve("whole.gguf"));
    try (Backend backend = Gatun.open("cpu"); Model target = Model.open(whole)) {
      try (Model model = Model.open(wider); Decoder draft = new Decoder(backend, model, DecoderOptions.of(32))) {
        assertThatThrownBy(() -> Speculation.byModel(target, draft, 4)).isInstanceOf(ModelException.class)
            .hasMessageContainingAll("wider.gguf", "whole.gguf", "900 tokens against 300").hasMessageNotContaining("\n");
      }
      try (Model model = Model.open(other); Decoder draft = new Decoder(backend, model, DecoderOptions.of(32))) {
        Speculation.byModel(target, draft, 4).close();
        assertThatThrownBy(() -> Speculation.byModel(target, draft, 64)).isInstanceOf(ShapeException.class).hasMessageContaining("64");
        assertThatThrownBy(() -> Speculation.byLookup(0)).isInstanceOf(ShapeException.class);
      }
    }
  }

  @Test
  void truncatedSequencesAreThoseThatNeverHeldTheRest() {
    try (Backend backend = Gatun.open("cpu"); Model model = Model.open(RandomModel.small("llama", DType.F32).write(folder.resolve("cut.gguf")));
        Decoder decoder = new Decoder(backend, model, DecoderOptions.of(256).withSequences(2)); Sequence cut = decoder.newSequence(Sampling.greedy());
        Sequence fresh = decoder.newSequence(Sampling.greedy())) {
      int[] ids = new int[150];
      Arrays.setAll(ids, i -> 3 + i * 7 % 290);
      decoder.feed(cut, ids);
      decoder.truncate(cut, 70);
      assertThat(cut.ids()).isEqualTo(Arrays.copyOf(ids, 70));
      assertThat(decoder.cachePagesInUse()).isEqualTo(2);
      decoder.feed(fresh, Arrays.copyOf(ids, 70));
      assertThat(decoder.logits(cut, 9, 8)).isDeepEqualTo(decoder.logits(fresh, 9, 8));
      assertThatThrownBy(() -> decoder.truncate(cut, 73)).isInstanceOf(ShapeException.class).hasMessageContainingAll("73", "72");
      assertThatThrownBy(() -> decoder.truncate(cut, -1)).isInstanceOf(ShapeException.class);
    }
  }
}
