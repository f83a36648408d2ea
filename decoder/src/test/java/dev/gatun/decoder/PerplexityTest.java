package dev.gatun.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gatun.decoder.cli.GatunCommand;
import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.tokenizer.SharedData;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code gatun perplexity} against the rule written out over float64 loops. */
class PerplexityTest {
  private static final String TEXT = """
      One day a little girl named Mia went to the park with her mom. She saw a big red ball under a tree. "Can I play with it?" she asked.
      Her mom said, "Yes, but be careful." Mia ran and kicked the ball. It went up, up, up into the tree and did not come down. Mia was sad.
      A boy named Ben came to help. He had a long stick. He pushed the ball and it fell down. Mia was happy. They played all day and became
      good friends. The next morning it rained, and the two friends sat by the window and told each other stories about the sea.
      """;

  @TempDir
  static Path folder;

  private static Path text;

  @BeforeAll
  static void write() throws IOException {
    text = Files.writeString(folder.resolve("text.txt"), TEXT);
  }

  private static String out(Object... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code = GatunCommand.run(new PrintStream(out, false, StandardCharsets.UTF_8), new PrintStream(err, false, StandardCharsets.UTF_8),
        Arrays.stream(args).map(String::valueOf).toArray(String[]::new));
    assertThat(code).as(err.toString(StandardCharsets.UTF_8)).isZero();
    return out.toString(StandardCharsets.UTF_8);
  }

  private static JsonNode json(Object... args) throws IOException {
    return new ObjectMapper().readTree(out(args));
  }

  /** The losses of every scored token, and each token's whole row of log-probabilities. */
  private record Plain(List<Double> losses, List<double[]> rows) {
    static Plain of(Path model, int window) {
      try (Gguf gguf = Gguf.open(model); Model opened = Model.open(model)) {
        int[] ids = opened.tokenizer().encode(TEXT, true, false);
        PlainDecoder decoder = new PlainDecoder(gguf);
        Plain plain = new Plain(new ArrayList<>(), new ArrayList<>());
        for (int at = 0; at + window <= ids.length; at += window) {
          int[] part = Arrays.copyOfRange(ids, at, at + window);
          part[0] = opened.tokenizer().bos().orElseThrow();
          double[][] logits = decoder.logits(part);
          for (int t = window / 2; t + 1 < window; t++) {
            double sum = Arrays.stream(logits[t]).map(Math::exp).sum();
            double[] row = Arrays.stream(logits[t]).map(x -> x - Math.log(sum)).toArray();
            plain.rows.add(row);
            plain.losses.add(-row[part[t + 1]]);
          }
        }
        return plain;
      }
    }
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(d -> d).average().orElseThrow();
  }

  private static double error(List<Double> values) {
    double mean = mean(values);
    double squares = values.stream().mapToDouble(d -> (d - mean) * (d - mean)).sum();
    return Math.sqrt(squares / (values.size() - 1) / values.size());
  }

  @Test
  void everyFigureIsThatOfThePlainRule() throws IOException {
    Path exact = SharedData.file("models/stories260K-F32.gguf");
    Path rounded = SharedData.file("models/stories260K-Q4_0.gguf");
    for (int window : new int[] {31, 64}) {
      JsonNode found = json("perplexity", "--model", exact + "," + rounded, "--file", text, "--ctx", window, "--json", "--backend", "cpu");
      Plain wanted = Plain.of(exact, window);
      Plain other = Plain.of(rounded, window);
      JsonNode first = found.get("models").get(0);
      assertThat(first.get("tokens").asInt()).isEqualTo(wanted.losses.size());
      assertThat(first.get("nll").asDouble()).isCloseTo(mean(wanted.losses), within(1e-5));
      assertThat(first.get("nll_error").asDouble()).isCloseTo(error(wanted.losses), within(1e-5));
      assertThat(first.get("perplexity").asDouble()).isCloseTo(Math.exp(mean(wanted.losses)), within(1e-4));
      assertThat(first.get("perplexity_error").asDouble()).isCloseTo(Math.exp(mean(wanted.losses)) * error(wanted.losses), within(1e-4));

      List<Double> differences = new ArrayList<>();
      List<Double> divergences = new ArrayList<>();
      int same = 0;
      for (int i = 0; i < wanted.losses.size(); i++) {
        differences.add(other.losses.get(i) - wanted.losses.get(i));
        double[] p = wanted.rows.get(i);
        double[] q = other.rows.get(i);
        double apart = 0;
        for (int v = 0; v < p.length; v++) {
          apart += Math.exp(p[v]) * (p[v] - q[v]);
        }
        divergences.add(apart);
        same += best(p) == best(q) ? 1 : 0;
      }
      // The plain loops round no activations beside the weights of four bits.
      JsonNode second = found.get("models").get(1);
      assertThat(second.get("nll_difference").asDouble()).isCloseTo(mean(differences), within(0.01));
      assertThat(second.get("nll_difference_error").asDouble()).isCloseTo(error(differences), within(0.01));
      assertThat(second.get("kl_divergence").asDouble()).isPositive().isCloseTo(mean(divergences), within(0.1 * mean(divergences)));
      assertThat(second.get("same_top").asDouble()).isCloseTo((double) same / wanted.losses.size(), within(0.03));
    }
  }

  private static int best(double[] row) {
    int best = 0;
    for (int i = 1; i < row.length; i++) {
      best = row[i] > row[best] ? i : best;
    }
    return best;
  }

  @Test
  void eightBitsCostLessThanHalfAPercent() throws IOException {
    JsonNode models = json("perplexity", "--model", SharedData.file("models/stories260K-F32.gguf") + "," + SharedData.file("models/stories260K-Q8_0.gguf"),
        "--file", text, "--ctx", 128, "--json").get("models");
    double exact = models.get(0).get("perplexity").asDouble();
    assertThat(models.get(1).get("perplexity").asDouble() / exact).isCloseTo(1, within(0.005));
    assertThat(models.get(1).get("perplexity_ratio").asDouble()).isCloseTo(1, within(0.005));
    assertThat(exact).as("it knows such stories").isBetween(2.0, 30.0);
    assertThat(models).allSatisfy(model -> assertThat(model.get("tokens_per_second").asDouble()).isPositive());
  }

  @Test
  void theTextFormNamesTheRuleAndTheComparison() {
    Path file = SharedData.file("models/stories260K-F32.gguf");
    String said = out("perplexity", "--model", file + "," + file, "--file", text, "--ctx", "100", "--windows", "2");
    assertThat(said).contains("2 windows of 100 tokens, the last 49 of each scored").contains(" ± ").contains("perplexity x 1.00000")
        .contains("KL divergence 0.00000").contains("same top token 100.00 %").contains("tokens/s");
  }
}
