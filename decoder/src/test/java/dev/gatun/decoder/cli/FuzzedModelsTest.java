package dev.gatun.decoder.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.gatun.decoder.tokenizer.SharedData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the bytes of a model, a command does its work or says in one line which file does not serve and why. */
class FuzzedModelsTest {
  /** A hang is an error; no correct answer takes nearly as long. */
  private static final Duration HANG = Duration.ofSeconds(20);
  private static final long[] NUMBERS = {0, 1, 2, 3, 7, 31, 33, 255, 65_535, 1L << 20, 1L << 24, 1L << 30, (1L << 31) - 1, 1L << 31,
      (1L << 32) - 1, 1L << 32, 1L << 40, 1L << 62, Long.MAX_VALUE, Long.MIN_VALUE, -1};
  private static final List<List<String>> COMMANDS = List.of(List.of("run", "--prompt", "ab", "-n", "2", "-q"),
      List.of("logits", "--prompt", "ab", "-n", "2"), List.of("logits", "--ids", "1,2", "-n", "2", "--json"), List.of("info"),
      List.of("info", "--json", "--tensors"), List.of("tokenize", "--text", "ab"));

  @TempDir Path folder;

  private int served;
  private int refused;

  /** Each metadata value and each size of a tensor, in turn, becomes each number. */
  @Test
  void everyNumberOfItsOwnHeaderMayBeAnyNumber() {
    byte[] whole = ModelFiles.bytes(folder);
    for (String key : List.of("llama.block_count", "llama.embedding_length", "llama.feed_forward_length", "llama.attention.head_count",
        "llama.attention.head_count_kv", "llama.attention.key_length", "llama.attention.value_length", "llama.context_length",
        "llama.rope.dimension_count", "llama.rope.freq_base", "llama.attention.layer_norm_rms_epsilon", "llama.vocab_size",
        "tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id")) {
      for (int number : new int[] {0, 1, 3, 1 << 24, Integer.MAX_VALUE, -1}) {
        check(ModelFiles.withInt(whole, key, number), key + " = " + number, COMMANDS.get(0), COMMANDS.get(3));
      }
    }
    for (String tensor : List.of("token_embd.weight", "blk.0.attn_q.weight", "blk.1.ffn_down.weight", "blk.0.attn_norm.weight")) {
      int described = ModelFiles.behind(whole, tensor);
      for (int at = 0; at < 32; at += 4) {
        for (int number : new int[] {0, 1, 12, 33, 1 << 30, -1}) {
          byte[] mutant = whole.clone();
          ByteBuffer.wrap(mutant).order(ByteOrder.LITTLE_ENDIAN).putInt(described + at, number);
          check(mutant, tensor + " + " + at + " = " + number, COMMANDS.get(2));
        }
      }
    }
  }

  @Test
  void randomMutantsOfItsOwnFileAreServedOrNamed() {
    byte[] whole = ModelFiles.bytes(folder);
    mutate(whole, headerBytes(whole), 100, new Random(5), "whole");
    assertThat(served).as("commands that did their work all the same").isGreaterThan(20);
    assertThat(refused).as("commands that named the file").isGreaterThan(20);
  }

  @ParameterizedTest
  @ValueSource(strings = {"stories260K-Q4_0", "stories260K-F16", "tiny-llama256-Q4_K_M", "tiny-llama3-F32", "tiny-qwen2-F32", "tiny-qwen3-F32",
      "tiny-gpt2-F32", "tiny-deepseek2-F32", "tiny-qwen3moe-F32"})
  void randomMutantsOfRealFilesAreServedOrNamed(String name) throws IOException {
    byte[] whole = Files.readAllBytes(SharedData.file("models/" + name + ".gguf"));
    mutate(whole, headerBytes(whole), 20, new Random(name.hashCode()), name);
  }

  private void mutate(byte[] whole, int header, int times, Random random, String name) {
    for (int i = 0; i < times; i++) {
      byte[] mutant = mutant(whole, header, random);
      check(mutant, "mutant " + i + " of " + name, COMMANDS.get(i % COMMANDS.size()), COMMANDS.get((i + 1) % COMMANDS.size()));
    }
  }

  /** Most changes fall on the numbers and names before and behind the vocabulary, which takes most of a header. */
  private static byte[] mutant(byte[] whole, int header, Random random) {
    byte[] mutant = whole.clone();
    for (int i = 1 + random.nextInt(2); i > 0; i--) {
      int at = switch (random.nextInt(4)) {
        case 0 -> random.nextInt(Math.min(1500, header));
        case 1 -> random.nextInt(header);
        default -> Math.max(0, header - 1 - random.nextInt(2500));
      };
      at = Math.min(at, mutant.length - 1);
      ByteBuffer bytes = ByteBuffer.wrap(mutant).order(ByteOrder.LITTLE_ENDIAN);
      switch (random.nextInt(6)) {
        case 0 -> mutant[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> mutant[at] = (byte) random.nextInt();
        case 2 -> bytes.putLong(Math.max(0, Math.min(at, mutant.length - 8)), NUMBERS[random.nextInt(NUMBERS.length)]);
        case 3 -> bytes.putInt(Math.max(0, Math.min(at, mutant.length - 4)), (int) NUMBERS[random.nextInt(NUMBERS.length)]);
        case 4 -> {
          int other = Math.min(random.nextInt(header), mutant.length - 1);
          byte kept = mutant[at];
          mutant[at] = mutant[other];
          mutant[other] = kept;
        }
        default -> mutant = Arrays.copyOf(mutant, Math.max(8, random.nextBoolean() ? at : random.nextInt(mutant.length)));
      }
    }
    return mutant;
  }

  @SafeVarargs
  private void check(byte[] mutant, String what, List<String>... commands) {
    Path file = ModelFiles.with(folder, "mutant.gguf", mutant);
    for (List<String> command : commands) {
      Object[] words = Stream.concat(command.stream(), Stream.of("--model", file)).toArray();
      Ran ran = assertTimeoutPreemptively(HANG, () -> Ran.command(words), () -> command + " on " + what + " hangs");
      assertThat(ran.code()).as("%s on %s: %s", command, what, ran.err()).isIn(0, 1);
      if (ran.code() == 1) {
        refused++;
        assertThat(ran.err()).as("%s on %s", command, what).startsWith("gatun: ").contains("mutant.gguf").hasLineCount(1)
            .doesNotContain("internal error").hasSizeLessThan(1500);
      } else {
        served++;
        assertThat(ran.err()).as("%s on %s", command, what).isEmpty();
      }
    }
  }

  /** Roughly: the end of the last tensor's description. */
  private static int headerBytes(byte[] bytes) {
    byte[] last = ".weight".getBytes(StandardCharsets.UTF_8);
    int end = 24;
    for (int at = 0; at < bytes.length - 64; at++) {
      if (bytes[at] == '.' && Arrays.equals(bytes, at, at + last.length, last, 0, last.length)) {
        end = at + last.length + 32;
      }
    }
    return end;
  }
}
