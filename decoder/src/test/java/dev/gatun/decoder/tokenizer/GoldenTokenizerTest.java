package dev.gatun.decoder.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.decoder.gguf.Gguf;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real vocabularies and models against the token ids that llama.cpp gave. */
class GoldenTokenizerTest {

  @ParameterizedTest
  @ValueSource(strings = {"llama-spm", "llama-bpe", "qwen2", "gpt-2"})
  void everyTextOfAVocabularyTokenizesAsLlamaCppAndBack(String name) throws IOException {
    Tokenizer tokenizer = open("vocab/" + name + ".gguf");
    List<String> lines = Files.readAllLines(SharedData.file("vocab/" + name + ".gguf.out"));
    String input = Files.readString(SharedData.file("vocab/" + name + ".gguf.inp"));
    String[] texts = input.split("\n__ggml_vocab_test__\n", -1);
    assertThat(texts.length).isGreaterThan(40);
    SoftAssertions softly = new SoftAssertions();
    for (int i = 0; i < lines.size(); i++) {
      int[] expected = lines.get(i).isBlank() ? new int[0]
          : Stream.of(lines.get(i).trim().split(" ")).mapToInt(Integer::parseInt).toArray();
      int[] ids = tokenizer.encode(texts[i], false, false);
      softly.assertThat(ids).as("%d: %s", i, texts[i]).isEqualTo(expected);
      softly.assertThat(tokenizer.decode(expected, true)).as("text of line %d", i).isEqualTo(texts[i]);
      softly.assertThat(streamed(tokenizer, expected)).endsWith(texts[i]);
    }
    softly.assertAll();
    assertThat(Arrays.stream(texts, lines.size(), texts.length)).allMatch(String::isEmpty);
  }

  @Test
  void promptsOfTheGoldenRunsTokenizeAsLlamaCpp() throws IOException {
    String json = Files.readString(SharedData.file("golden/greedy.json"), StandardCharsets.UTF_8);
    Matcher cases = Pattern.compile(
        "\"model\"\\s*:\\s*\"([^\"]+)\".*?\"prompt\"\\s*:\\s*\"([^\"]*)\"\\s*,\\s*\"prompt_ids\"\\s*:\\s*\\[([^]]*)]", Pattern.DOTALL)
        .matcher(json);
    int count = 0;
    while (cases.find()) {
      int[] expected = Stream.of(cases.group(3).split(",")).mapToInt(s -> Integer.parseInt(s.trim())).toArray();
      Tokenizer tokenizer = open("models/" + cases.group(1));
      assertThat(tokenizer.encode(cases.group(2), true, true)).as(cases.group(1)).isEqualTo(expected);
      assertThat(tokenizer.decode(expected, false)).isEqualTo(cases.group(2));
      count++;
    }
    assertThat(count).isGreaterThanOrEqualTo(40);
  }

  @Test
  void llama3VocabularyKnowsItsSpecialTokens() throws IOException {
    Tokenizer tokenizer = open("vocab/llama-bpe.gguf");
    assertThat(tokenizer.bos()).hasValue(128000);
    assertThat(tokenizer.eos()).hasValue(128001);
    assertThat(tokenizer.endOfGeneration()).containsExactly(128001, 128009);
    assertThat(tokenizer.vocabularySize()).isEqualTo(128256);
    assertThat(tokenizer.encode("Hello world<|eot_id|>", true, true)).containsExactly(128000, 9906, 1917, 128009);
    assertThat(tokenizer.encode("<|eot_id|>", false, false)).doesNotContain(128009);
    assertThat(tokenizer.decode(new int[] {128000, 9906, 1917, 128009}, false)).isEqualTo("Hello world");
    assertThat(tokenizer.piece(1917)).isEqualTo("Ġworld");
  }

  @Test
  void userDefinedTokensAreMatchedWithoutBeingAskedFor() throws IOException {
    Tokenizer tokenizer = open("vocab/qwen2.gguf");
    assertThat(tokenizer.encode("a[PAD151646]b<|im_end|>", false, false)).startsWith(64, 151646, 65).doesNotContain(151645);
    assertThat(tokenizer.encode("<|im_start|>a<|im_end|>", false, true)).containsExactly(151644, 64, 151645);
  }

  private static String streamed(Tokenizer tokenizer, int[] ids) {
    StreamingDecoder decoder = new StreamingDecoder(tokenizer, true);
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      text.append(decoder.add(id));
    }
    return text.append(decoder.flush()).toString();
  }

  private static Tokenizer open(String name) throws IOException {
    try (Gguf gguf = Gguf.open(SharedData.file(name))) {
      return Tokenizer.of(gguf.metadata());
    }
  }
}
