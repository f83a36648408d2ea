package dev.gatun.decoder;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gatun.Backend;
import dev.gatun.decoder.tokenizer.SharedData;
import dev.gatun.tck.oracle.Errors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** What llama.cpp computes on a model file and a prompt, greedy. */
record Golden(JsonNode node) {
  /** All cases; without the shared data the calling test is skipped. */
  static List<Golden> all() throws IOException {
    List<Golden> all = new ArrayList<>();
    for (JsonNode node : new ObjectMapper().readTree(SharedData.file("golden/greedy.json").toFile()).get("cases")) {
      all.add(new Golden(node));
    }
    return all;
  }

  String model() {
    return node.get("model").asText();
  }

  String prompt() {
    return node.get("prompt").asText();
  }

  /** Whether weights and activations lose nothing, so that two engines differ by the order of sums alone. */
  private boolean exact() {
    return model().contains("F32") || model().contains("F16");
  }

  private double nmse() {
    return exact() ? 1e-6 : 1e-3;
  }

  /** A greedy token is the same on every engine as long as the best is ahead by this much. */
  private double margin() {
    return exact() ? 0.02 : 0.1;
  }

  /** Decodes on {@code backend} and compares. @return the NMSE of the logits */
  double compare(Backend backend) {
    return compare(backend, nmse(), margin());
  }

  /**
   * As {@link #compare(Backend)}, for a backend that rounds activations to no less than BF16, and those only beside block weights: where prompts are
   * multiplied by tiles, each product is then off by 3e-6, and exact files are off by nothing. Tokens are held to the margin of exact files either way.
   */
  double compareFinely(Backend backend) {
    return compare(backend, exact() ? 1e-6 : 2e-5, 0.02);
  }

  private double compare(Backend backend, double nmse, double margin) {
    try (Model model = Model.open(SharedData.file("models/" + model())); Decoder decoder = new Decoder(backend, model, DecoderOptions.of(128));
        Sequence sequence = decoder.newSequence(Sampling.greedy())) {
      int[] prompt = model.tokenizer().encode(prompt(), true, true);
      assertThat(prompt).isEqualTo(integers("prompt_ids"));

      float[][] logits = decoder.logits(sequence, prompt);
      double[] expected = doubles("logits_after_prompt");
      double[] actual = new double[expected.length];
      float[] last = logits[logits.length - 1];
      Arrays.setAll(actual, i -> last[i]);
      Errors errors = Errors.between(expected, actual);
      assertThat(errors.nmse()).as(errors.describe(expected, actual)).isLessThanOrEqualTo(nmse);
      int[] best = integers("argmax_at_prompt");
      for (int t = 0; t < best.length; t++) {
        // A token that is as good as the best one, but for rounding, may be chosen in its place.
        assertThat((double) logits[t][best[t]]).as("the logit of token %d after position %d", best[t], t).isGreaterThan(logits[t][argmax(logits[t])] - margin);
      }

      int[] ids = integers("greedy_ids");
      double[] margins = doubles("margin");
      int next = argmax(last);
      for (int i = 0; i < ids.length && margins[i] >= margin; i++) {
        assertThat(next).as("token %d", i).isEqualTo(ids[i]);
        next = decoder.feed(sequence, next);
      }
      return errors.nmse();
    }
  }

  /** Decodes with guesses from the text so far and compares the tokens. @return how many guesses were accepted */
  long compareSpeculated(Backend backend) {
    try (Model model = Model.open(SharedData.file("models/" + model())); Decoder decoder = new Decoder(backend, model, DecoderOptions.of(128));
        Sequence sequence = decoder.newSequence(Sampling.greedy()); Speculation lookup = Speculation.byLookup(7)) {
      int[] ids = integers("greedy_ids");
      int[] told = Generation.run(sequence, integers("prompt_ids"), ids.length, Set.of(), () -> false, id -> {}, lookup).ids();
      double[] margins = doubles("margin");
      for (int i = 0; i < ids.length && margins[i] >= margin(); i++) {
        assertThat(told[i]).as("token %d", i).isEqualTo(ids[i]);
      }
      return lookup.accepted();
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

  private int[] integers(String name) {
    JsonNode array = node.get(name);
    int[] values = new int[array.size()];
    Arrays.setAll(values, i -> array.get(i).asInt());
    return values;
  }

  private double[] doubles(String name) {
    JsonNode array = node.get(name);
    double[] values = new double[array.size()];
    Arrays.setAll(values, i -> array.get(i).asDouble());
    return values;
  }
}
