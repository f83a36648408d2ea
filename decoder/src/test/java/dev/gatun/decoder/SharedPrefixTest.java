package dev.gatun.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.Gatun;
import dev.gatun.GatunException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sequences that share a beginning, and sequences that outgrow their context. */
class SharedPrefixTest {
  private static final int PAGE = 64;

  @TempDir
  static Path folder;

  private static Model model(String name) {
    return Model.open(RandomModel.small("llama", DType.F32).write(folder.resolve(name + ".gguf")));
  }

  private static int[] ids(int count, int step) {
    int[] ids = new int[count];
    Arrays.setAll(ids, i -> 3 + i * step % 290);
    return ids;
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "Q8_0"})
  void aSharedBeginningTakesItsPagesOnceAndChangesNothing(DType type) {
    check("cpu", type);
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "Q8_0"})
  void soDoesItOnCuda(DType type) {
    EmulatorCalls.assumeBuilt();
    check("cuda-emulated", type);
  }

  private static void check(String name, DType type) {
    int[] prefix = ids(PAGE + 10, 7);
    // Heads of 32 elements, so that blocks of Q8_0 fit.
    try (Backend backend = Gatun.open(name);
        Model model = Model.open(new RandomModel("llama", 2, 64, 96, 2, 1, 32, 300, false, DType.F32).write(folder.resolve(name + type + ".gguf")));
        Decoder decoder = new Decoder(backend, model, DecoderOptions.of(2 * PAGE).withSequences(4).withCacheTokens(5 * PAGE).withCacheType(type))) {
      int[][] wanted = new int[2][];
      for (int i = 0; i < 2; i++) {
        try (Sequence alone = decoder.newSequence(Sampling.greedy())) {
          decoder.feed(alone, prefix);
          wanted[i] = story(alone, 30 + i);
        }
      }
      assertThat(decoder.cachePagesInUse()).isZero();
      try (Sequence first = decoder.newSequence(Sampling.greedy())) {
        decoder.feed(first, prefix);
        assertThat(decoder.cachePagesInUse()).isEqualTo(2);
        try (Sequence second = first.fork(Sampling.greedy()); Sequence third = first.fork(Sampling.greedy())) {
          assertThat(decoder.cachePagesInUse()).as("three sequences, one beginning").isEqualTo(2);
          assertThat(second.ids()).isEqualTo(prefix);
          assertThat(story(second, 31)).isEqualTo(wanted[1]);
          assertThat(decoder.cachePagesInUse()).as("the page that was written was copied").isEqualTo(3);
          assertThat(story(first, 30)).isEqualTo(wanted[0]);
          assertThat(story(third, 31)).isEqualTo(wanted[1]);
          assertThat(decoder.cachePagesInUse()).as("whole pages stay shared").isEqualTo(4);
        }
        assertThat(decoder.cachePagesInUse()).isEqualTo(2);
      }
      assertThat(decoder.cachePagesInUse()).isZero();
    }
  }

  private static int[] story(Sequence sequence, int first) {
    return Generation.run(sequence, new int[] {first}, 12, Set.of(), () -> false, id -> {}).ids();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4})
  void aFullContextKeepsTheFirstAndTheNewestTokens(int sinks) {
    int window = 20;
    int context = 48;
    try (Backend backend = Gatun.open("cpu"); Model model = model("evicted" + sinks);
        Decoder rolling = new Decoder(backend, model, DecoderOptions.of(context).withEviction(new Eviction(sinks, window)));
        Decoder fresh = new Decoder(backend, model, DecoderOptions.of(context)); Sequence sequence = rolling.newSequence(Sampling.greedy())) {
      int[] prompt = ids(10, 3);
      Generation told = Generation.run(sequence, prompt, 150, Set.of(), () -> false, id -> {});
      assertThat(told.reason()).isEqualTo(Generation.Reason.LIMIT);
      assertThat(told.ids()).hasSize(150);
      assertThat(sequence.position() + sequence.evicted()).as("all but the last token were fed").isEqualTo(10 + 149);
      int[] all = Arrays.copyOf(prompt, 160);
      System.arraycopy(told.ids(), 0, all, 10, 150);
      int[] kept = Arrays.copyOf(all, context);
      int evictions = 0;
      for (int at = context; at < 159; at++) {
        if (kept.length == context) {
          int[] shorter = Arrays.copyOf(kept, sinks + window);
          // The newest tokens are those before the one that found no room, and that one.
          System.arraycopy(kept, context - window + 1, shorter, sinks, window - 1);
          shorter[sinks + window - 1] = all[at];
          kept = shorter;
          evictions++;
        } else {
          kept = Arrays.copyOf(kept, kept.length + 1);
          kept[kept.length - 1] = all[at];
        }
        if (at % 17 == 0) {
          try (Sequence other = fresh.newSequence(Sampling.greedy())) {
            assertThat(fresh.feed(other, kept)).as("token %d is that after a text of the kept tokens", at + 1).isEqualTo(all[at + 1]);
          }
        }
      }
      assertThat(evictions).isGreaterThan(3);
      assertThat(sequence.ids()).isEqualTo(kept);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void longPromptsAndDraftsRollToo(boolean speculate) {
    try (Backend backend = Gatun.open("cpu"); Model model = model("long" + speculate);
        Decoder rolling = new Decoder(backend, model, DecoderOptions.of(40).withEviction(new Eviction(3, 16)).withSequences(2));
        Sequence plain = rolling.newSequence(Sampling.greedy()); Sequence other = rolling.newSequence(Sampling.greedy());
        Speculation lookup = Speculation.byLookup(3)) {
      int[] prompt = ids(100, 11);
      int[] wanted = Generation.run(plain, prompt, 60, Set.of(), () -> false, id -> {}).ids();
      int[] found = speculate ? Generation.run(other, prompt, 60, Set.of(), () -> false, id -> {}, lookup).ids()
          : Generation.run(other, prompt, 60, Set.of(), () -> false, id -> {}).ids();
      assertThat(found).isEqualTo(wanted).hasSize(60);
      assertThat(Arrays.copyOf(plain.ids(), 3)).isEqualTo(Arrays.copyOf(prompt, 3));
    }
  }

  @Test
  void whatCannotBeKeptIsRefused() {
    assertThatThrownBy(() -> DecoderOptions.of(20).withEviction(new Eviction(4, 16))).isInstanceOf(GatunException.class).hasMessageContainingAll("4", "16", "20");
    assertThatThrownBy(() -> new Eviction(-1, 4)).isInstanceOf(GatunException.class);
    assertThatThrownBy(() -> new Eviction(0, 0)).isInstanceOf(GatunException.class);
    assertThatThrownBy(() -> DecoderOptions.of(20).withCacheTokens(0)).isInstanceOf(GatunException.class);
  }
}
