package dev.gatun.decoder.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.TreeSet;
import java.util.Set;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;

/** Every rule against the words that llama.cpp makes of some nasty texts. */
class PreTokenizerTest {

  @Test
  void everyNameCutsAsLlamaCpp() throws IOException {
    JsonNode golden;
    try (InputStream in = PreTokenizerTest.class.getResourceAsStream("/pre-tokenizers.json")) {
      golden = new ObjectMapper().readTree(in);
    }
    Set<String> names = new TreeSet<>();
    SoftAssertions softly = new SoftAssertions();
    for (JsonNode same : golden.get("cases")) {
      for (JsonNode name : same.get("names")) {
        names.add(name.asText());
        for (int i = 0; i < golden.get("texts").size(); i++) {
          String lengths = same.get("words").get(i).toString().replaceAll("[\\[\\]]", "").replace(',', ' ');
          softly.assertThat(lengths(name.asText(), golden.get("texts").get(i).asText())).as("%s, text %d", name.asText(), i).isEqualTo(lengths);
        }
      }
    }
    softly.assertAll();
    assertThat(names).isEqualTo(new TreeSet<>(PreTokenizer.names()));
  }

  /** The words' lengths in bytes of UTF-8. */
  private static String lengths(String rule, String text) {
    IntList ends = PreTokenizer.of(rule).ends(text, 0, text.length());
    StringBuilder lengths = new StringBuilder();
    for (int i = 0, start = 0; i < ends.size(); start = ends.get(i++)) {
      lengths.append(i == 0 ? "" : " ").append(text.substring(start, ends.get(i)).getBytes(StandardCharsets.UTF_8).length);
    }
    return lengths.toString();
  }

  @Test
  void aPartOfATextIsCutAsIfItWereAlone() {
    String text = "ab12 \u1c8acd  \n ef'll 12345x\ua7cb";
    for (String rule : PreTokenizer.names()) {
      for (int from = 0; from < text.length() - 2; from += 3) {
        IntList part = PreTokenizer.of(rule).ends(text, from, text.length() - 2);
        String alone = text.substring(from, text.length() - 2);
        IntList whole = PreTokenizer.of(rule).ends(alone, 0, alone.length());
        assertThat(part.toArray()).as(rule).hasSameSizeAs(whole.toArray());
        for (int i = 0; i < part.size(); i++) {
          assertThat(part.get(i) - from).as(rule).isEqualTo(whole.get(i));
        }
      }
    }
  }

  @Test
  void digitsAreGroupedFromTheRight() {
    for (String digits : List.of("1", "12", "123", "1234", "12345", "123456", "1234567")) {
      IntList ends = PreTokenizer.of("superbpe").ends("a" + digits + "b", 0, digits.length() + 2);
      int expected = (digits.length() + 2) / 3;
      assertThat(ends.size()).as(digits).isEqualTo(expected + 2);
    }
  }

  @Test
  void unknownNamesAreAnsweredWithEveryNameServed() {
    assertThatThrownBy(() -> PreTokenizer.of("nobody")).isInstanceOf(TokenizerException.class).hasMessageContaining("nobody")
        .hasMessageContainingAll(PreTokenizer.names().toArray(String[]::new));
  }
}
