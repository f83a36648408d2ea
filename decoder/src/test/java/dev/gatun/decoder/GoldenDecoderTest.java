package dev.gatun.decoder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.Gatun;
import dev.gatun.decoder.tokenizer.SharedData;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The decoder against llama.cpp: same file, same prompt, greedy. */
class GoldenDecoderTest {
  @TestFactory
  Stream<DynamicTest> matchesLlamaCpp() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Golden golden : Golden.all()) {
      for (BackendOptions options : List.of(BackendOptions.none(), BackendOptions.none().with("fuse", "off"),
          BackendOptions.none().with("native", "off"))) {
        tests.add(DynamicTest.dynamicTest(golden.model() + " '" + golden.prompt() + "' " + options.values(), () -> {
          try (Backend backend = Gatun.open("cpu", options)) {
            golden.compare(backend);
          }
        }));
      }
    }
    return tests.stream();
  }

  @Test
  void storiesModelTellsAStory() {
    try (Backend backend = Gatun.open("cpu"); Model model = Model.open(SharedData.file("models/stories260K-F32.gguf"));
        Decoder decoder = new Decoder(backend, model, DecoderOptions.of(256));
        Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      int[] prompt = model.tokenizer().encode("Once upon a time", true, true);
      Generation story = Generation.run(sequence, prompt, 60, model.tokenizer().endOfGeneration(), () -> false, id -> {});
      assertThat(model.tokenizer().decode(story.ids(), false)).startsWith(", there was a little girl named Lily.");
    }
  }
}
