package dev.gatun.decoder.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gatun.decoder.tokenizer.SharedData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecodingCommandsTest {
  @TempDir static Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"stories260K-F32.gguf", "tiny-llama256-BF16.gguf"})
  void logitsAgreeWithTheGoldenFile(String name) throws IOException {
    int compared = 0;
    for (JsonNode golden : new ObjectMapper().readTree(SharedData.file("golden/greedy.json").toFile()).get("cases")) {
      if (golden.get("model").asText().equals(name)) {
        compare(golden, Ran.command("logits", "--model", SharedData.file("models/" + name), "--prompt", golden.get("prompt").asText(),
            "--json").json());
        compared++;
      }
    }
    assertThat(compared).isPositive();
  }

  private static void compare(JsonNode golden, JsonNode found) {
    assertThat(found.get("model")).isEqualTo(golden.get("model"));
    for (String key : new String[] {"prompt_ids", "argmax_at_prompt"}) {
      assertThat(found.get(key)).as(key).isEqualTo(golden.get(key));
    }
    double[] wanted = doubles(golden.get("logits_after_prompt"));
    double[] row = doubles(found.get("logits_after_prompt"));
    double squares = Arrays.stream(wanted).map(x -> x * x).sum();
    double difference = 0;
    for (int i = 0; i < wanted.length; i++) {
      difference += (wanted[i] - row[i]) * (wanted[i] - row[i]);
    }
    assertThat(row).hasSameSizeAs(wanted);
    assertThat(difference / squares).isLessThan(1e-6);
    assertThat(found.get("greedy_ids")).hasSameSizeAs(golden.get("greedy_ids"));
    assertThat(found.get("margin")).hasSameSizeAs(found.get("greedy_ids"));
    for (int i = 0; i < golden.get("margin").size() && golden.get("margin").get(i).asDouble() >= 0.02; i++) {
      assertThat(found.get("greedy_ids").get(i)).isEqualTo(golden.get("greedy_ids").get(i));
      assertThat(found.get("margin").get(i).asDouble()).isEqualTo(golden.get("margin").get(i).asDouble(), within(0.02));
    }
  }

  private static double[] doubles(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).mapToDouble(JsonNode::doubleValue).toArray();
  }

  @Test
  void idsAndTextGiveTheSameLogits() {
    Path file = ModelFiles.whole(folder);
    JsonNode byText = Ran.command("logits", "--model", file, "--prompt", "some words", "-n", "4", "--json").json();
    String ids = String.join(",", Arrays.stream(TokenizeCommandTest.ints(byText.get("prompt_ids"))).mapToObj(String::valueOf).toList());
    JsonNode byIds = Ran.command("logits", "--model", file, "--ids", ids, "-n", "4", "--json").json();
    for (String key : new String[] {"prompt_ids", "logits_after_prompt", "argmax_at_prompt", "greedy_ids", "margin", "backend"}) {
      assertThat(byIds.get(key)).as(key).isEqualTo(byText.get(key));
    }
  }

  @Test
  void runStreamsAStoryAndKeepsFiguresOffStandardOutput() {
    Path file = SharedData.file("models/stories260K-F32.gguf");
    Ran ran = Ran.command("run", "--model", file, "--prompt", "Once upon a time", "-n", "20");
    assertThat(ran.code()).isZero();
    assertThat(ran.out()).startsWith(", there was a little girl named Lily. She loved").hasLineCount(1);
    assertThat(ran.err()).contains("prefill").contains("decode").contains("first token").contains("memory").contains("load");
    Ran quiet = Ran.withInput("Once upon a time", "run", "--model", file, "--prompt", "-", "-n", "20", "--quiet");
    assertThat(quiet.out()).isEqualTo(ran.out());
    assertThat(quiet.err()).isEmpty();
  }

  @Test
  void runAsJsonHoldsTextIdsAndFigures() {
    JsonNode found = Ran.command("run", "--model", ModelFiles.whole(folder), "--prompt", "words", "-n", "5", "--temp", "0.8", "--seed", "3",
        "--json").json();
    assertThat(found.get("ids").size()).isBetween(0, 5);
    assertThat(found.get("reason").asText()).isIn("limit", "stop_token");
    assertThat(found.get("text").isTextual()).isTrue();
    assertThat(found.get("prefill_ts").asDouble()).isPositive();
    assertThat(found.get("ttft_ms").asDouble()).isPositive();
  }

  @Test
  void sameSeedSameText() {
    Object[] line = {"run", "--model", ModelFiles.whole(folder), "--prompt", "words", "-n", "8", "--temp", "1", "--seed", "42", "-q"};
    assertThat(Ran.command(line)).isEqualTo(Ran.command(line));
  }

  @Test
  void guessesChangeTheStepsAndNotTheText() {
    Path file = SharedData.file("models/stories260K-F32.gguf");
    Object[] line = {"run", "--model", file, "--prompt", "The dog ran. The dog ran. The", "-n", "40", "--json"};
    JsonNode plain = Ran.command(line).json();
    for (Object what : new Object[] {"ngram", SharedData.file("models/stories260K-Q8_0.gguf")}) {
      Object[] more = Arrays.copyOf(line, line.length + 2);
      more[line.length] = "--speculate";
      more[line.length + 1] = what;
      JsonNode found = Ran.command(more).json();
      for (String key : new String[] {"ids", "text", "reason"}) {
        assertThat(found.get(key)).as(key).isEqualTo(plain.get(key));
      }
      assertThat(found.get("drafted").asInt()).isGreaterThanOrEqualTo(found.get("accepted").asInt()).isPositive();
      assertThat(found.get("steps").asInt() + found.get("accepted").asInt()).isEqualTo(plain.get("ids").size() - 1);
    }
    Ran other = Ran.command("run", "--model", file, "--prompt", "a", "--speculate", ModelFiles.whole(folder));
    assertThat(other.err()).contains("can't draft for").contains("whole.gguf").contains("stories260K-F32.gguf").hasLineCount(1);
    assertThat(other.code()).isEqualTo(1);
  }

  @Test
  void benchSetsGuessesBesideSingleSteps() {
    Path file = ModelFiles.whole(folder);
    JsonNode rows = Ran.command("bench", "--warm-up", "0", "--model", file, "-p", "12", "-n", "8", "-r", "2", "--speculate", file, "--draft-tokens", "3", "--json").json();
    assertThat(rows.get(0).has("speculate")).isFalse();
    JsonNode decode = rows.get(1);
    assertThat(decode.get("acceptance").asDouble()).as("the model's own guesses").isEqualTo(1);
    assertThat(decode.get("tokens_per_step").asDouble()).isEqualTo(4);
    assertThat(decode.get("same_tokens").asInt()).isEqualTo(9);
    assertThat(decode.get("speculated_speed_up").asDouble()).isPositive();
    assertThat(Ran.command("bench", "--warm-up", "0", "--model", file, "-p", "12", "-n", "8", "-r", "1", "--speculate", "ngram").out())
        .containsPattern("speculated +whole.gguf tg8 @ d12 by ngram: .* tokens/s against .*, x .*a step");
  }

  @Test
  void evictionGoesOnWhereTheContextEnds() {
    Ran ran = Ran.command("run", "--model", SharedData.file("models/stories260K-F32.gguf"), "--prompt", "Once upon a time", "--context", "64", "-n", "200",
        "--evict", "4,30", "--json");
    assertThat(ran.json().get("ids").size()).isGreaterThan(64);
    Ran tight = Ran.command("run", "--model", SharedData.file("models/stories260K-F32.gguf"), "--prompt", "a", "--context", "32", "--evict", "4,30");
    assertThat(tight.err()).contains("--evict").contains("leaves no room in a context of 32").hasLineCount(1);
    assertThat(tight.code()).isEqualTo(2);
  }

  @Test
  void fullContextEndsTheText() {
    Ran ran = Ran.command("run", "--model", SharedData.file("models/stories260K-F32.gguf"), "--prompt", "Once upon a time", "--context",
        "8");
    assertThat(ran.code()).isZero();
    assertThat(ran.err()).contains("stopped      context full after 4 tokens");
  }

  @Test
  void benchRowsHaveTheFieldNamesOfLlamaBench() {
    JsonNode rows = Ran.command("bench", "--warm-up", "0", "--model", ModelFiles.whole(folder), "-p", "12", "-n", "3", "-r", "2", "--threads", "1", "--json")
        .json();
    assertThat(rows).hasSize(2);
    for (JsonNode row : rows) {
      for (String field : new String[] {"build_commit", "cpu_info", "gpu_info", "backends", "model_filename", "model_type", "model_size",
          "model_n_params",
          "n_batch", "n_ubatch", "n_threads", "type_k", "type_v", "n_prompt", "n_gen", "n_depth", "test_time", "avg_ns", "stddev_ns",
              "avg_ts",
          "stddev_ts", "build_number", "cpu_mask", "cpu_strict", "poll", "n_gpu_layers", "n_cpu_moe", "split_mode", "main_gpu",
          "no_kv_offload", "flash_attn", "devices", "tensor_split", "tensor_buft_overrides", "use_mmap", "use_direct_io", "embeddings",
          "no_op_offload", "no_host", "samples_ns", "samples_ts", "rss_bytes", "load_ms", "prepared_bytes", "kv_cache_bytes", "bandwidth_gb_per_s"}) {
        assertThat(row.has(field)).as(field).isTrue();
      }
      assertThat(row.get("samples_ns")).hasSize(2);
      assertThat(row.get("n_threads").asInt()).isEqualTo(1);
      assertThat(row.get("type_k").asText()).isEqualTo("f32");
    }
    JsonNode prefill = rows.get(0);
    JsonNode decode = rows.get(1);
    assertThat(prefill.get("n_prompt").asInt()).isEqualTo(12);
    assertThat(prefill.get("n_gen").asInt()).isZero();
    assertThat(prefill.has("ttft_ms")).isTrue();
    assertThat(decode.get("n_prompt").asInt()).isZero();
    assertThat(decode.get("n_gen").asInt()).isEqualTo(3);
    assertThat(decode.get("n_depth").asInt()).isEqualTo(12);
    assertThat(decode.get("avg_ts").asDouble()).isCloseTo(
        (3e9 / decode.get("samples_ns").get(0).asDouble() + 3e9 / decode.get("samples_ns").get(1).asDouble()) / 2, within(0.01));
    assertThat(decode.get("bandwidth_share").asDouble()).isCloseTo(
        decode.get("gb_per_s").asDouble() / decode.get("bandwidth_gb_per_s").asDouble(), within(1e-9));
  }

  @Test
  void benchWithoutPrefillOrDecodeHasOneRow() {
    Path file = ModelFiles.whole(folder);
    assertThat(Ran.command("bench", "--warm-up", "0", "--model", file, "-p", "0", "-n", "3", "-r", "1", "--json").json()).hasSize(1);
    assertThat(Ran.command("bench", "--warm-up", "0", "--model", file, "-p", "4", "-n", "0", "-r", "1", "--json").json()).hasSize(1);
  }

  @Test
  void benchAtADepthMeasuresBothAfterIt() {
    Path file = ModelFiles.whole(folder);
    for (int depth : new int[] {0, 20}) {
      JsonNode rows = Ran.command("bench", "--warm-up", "0", "--model", file, "-p", "4", "-n", "3", "-r", "2", "-d", depth, "--json").json();
      assertThat(rows).hasSize(2).allSatisfy(row -> {
        assertThat(row.get("n_depth").asInt()).isEqualTo(depth);
        assertThat(row.get("avg_ts").asDouble()).isPositive();
      });
    }
    Ran plain = Ran.command("bench", "--warm-up", "0", "--model", file, "-p", "4", "-n", "0", "-r", "1", "--depth", "200");
    assertThat(plain.out()).contains("depth        200 tokens").contains("prefill").doesNotContain("decode  ");
  }

  @Test
  void benchPrintsEveryFigure() {
    Ran ran = Ran.command("bench", "--warm-up", "0", "--model", ModelFiles.whole(folder), "-p", "4", "-n", "2", "-r", "2");
    assertThat(ran.code()).isZero();
    assertThat(ran.err()).isEmpty();
    assertThat(ran.out()).contains("model").contains("backend").contains("load").contains("prefill").contains("first token")
        .contains("decode")
        .contains("per token").contains("that this machine reads").contains("memory").contains(" to ");
  }

  @Test
  void explainShowsStepsWithTimes() {
    Path file = ModelFiles.whole(folder);
    JsonNode found = Ran.command("explain", "--model", file, "--runs", "2", "--warm-up", "0", "--json").json();
    assertThat(found.get("steps")).isNotEmpty();
    assertThat(found.get("steps")).allSatisfy(step -> {
      assertThat(step.get("kernel").asText()).isNotEmpty();
      assertThat(step.get("sources")).isNotEmpty();
      assertThat(step.get("ns").asLong()).isPositive();
    });
    Ran plain = Ran.command("explain", "--model", file, "--runs", "0", "--tokens", "16");
    assertThat(plain.code()).isZero();
    assertThat(plain.out()).contains("kernel").contains("by kernel");
  }

  @Test
  void backendsListsTheCpuWithItsDevice() {
    Ran ran = Ran.command("backends", "--json");
    assertThat(ran.err()).isEmpty();
    assertThat(ran.json()).anySatisfy(backend -> {
      assertThat(backend.get("name").asText()).isEqualTo("cpu");
      assertThat(backend.get("available").asBoolean()).isTrue();
      assertThat(backend.get("device").get("units").asInt()).isPositive();
    });
    assertThat(Ran.command("backends").out()).contains("cpu: ").contains("available  yes");
  }
}
