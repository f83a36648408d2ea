package dev.gatun.decoder;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.Gatun;
import dev.gatun.decoder.tokenizer.SharedData;
import dev.gatun.tck.oracle.Errors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The decoder against llama.cpp: same file, same prompt, greedy. */
class GoldenDecoderTest {
  private static final Set<String> SERVED = Set.of("stories260K", "tiny-llama", "tiny-llama3", "tiny-qwen2", "tiny-qwen3", "tiny-llama256");

  @TestFactory
  Stream<DynamicTest> matchesLlamaCpp() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode golden : new ObjectMapper().readTree(SharedData.file("golden/greedy.json").toFile()).get("cases")) {
      String name = golden.get("model").asText();
      if (SERVED.contains(name.substring(0, name.lastIndexOf('-')))) {
        for (String fuse : List.of("on", "off")) {
          tests.add(DynamicTest.dynamicTest(name + " '" + golden.get("prompt").asText() + "' fuse " + fuse, () -> compare(golden, fuse)));
        }
      }
    }
    return tests.stream();
  }

  private static void compare(JsonNode golden, String fuse) {
    String name = golden.get("model").asText();
    boolean exact = name.contains("F32") || name.contains("F16");
    double nmse = exact ? 1e-6 : 1e-3;
    double margin = exact ? 0.02 : 0.1;
    try (Backend backend = Gatun.open("cpu", BackendOptions.none().with("fuse", fuse));
        Model model = Model.open(SharedData.file("models/" + name));
        Decoder decoder = new Decoder(backend, model, DecoderOptions.of(128));
        Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      int[] prompt = model.tokenizer().encode(golden.get("prompt").asText(), true, true);
      assertThat(prompt).isEqualTo(integers(golden.get("prompt_ids")));

      float[][] logits = decoder.logits(sequence, prompt);
      double[] expected = doubles(golden.get("logits_after_prompt"));
      double[] actual = new double[expected.length];
      float[] last = logits[logits.length - 1];
      Arrays.setAll(actual, i -> last[i]);
      Errors errors = Errors.between(expected, actual);
      assertThat(errors.nmse()).as(errors.describe(expected, actual)).isLessThanOrEqualTo(nmse);

      int[] ids = integers(golden.get("greedy_ids"));
      double[] margins = doubles(golden.get("margin"));
      int next = argmax(last);
      for (int i = 0; i < ids.length && margins[i] >= margin; i++) {
        assertThat(next).as("token %d", i).isEqualTo(ids[i]);
        next = decoder.feed(sequence, next);
      }
    }
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

  private static int argmax(float[] row) {
    int best = 0;
    for (int i = 1; i < row.length; i++) {
      if (row[i] > row[best]) {
        best = i;
      }
    }
    return best;
  }

  private static int[] integers(JsonNode array) {
    int[] values = new int[array.size()];
    Arrays.setAll(values, i -> array.get(i).asInt());
    return values;
  }

  private static double[] doubles(JsonNode array) {
    double[] values = new double[array.size()];
    Arrays.setAll(values, i -> array.get(i).asDouble());
    return values;
  }
}
