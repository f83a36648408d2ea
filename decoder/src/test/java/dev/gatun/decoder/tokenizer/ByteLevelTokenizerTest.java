package dev.gatun.decoder.tokenizer;

import static dev.gatun.decoder.tokenizer.Vocabularies.CONTROL;
import static dev.gatun.decoder.tokenizer.Vocabularies.NORMAL;
import static dev.gatun.decoder.tokenizer.Vocabularies.USER_DEFINED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ByteLevelTokenizerTest {
  private static final List<String> RULES = List.of("llama-bpe", "qwen2", "gpt-2", "default", "smollm", "falcon", "deepseek-llm", "deepseek-coder",
      "deepseek-v3", "tekken", "gpt-4o", "kimi-k2", "afmoe", "superbpe", "exaone-moe", "bloom");

  private static Vocabularies hugs() {
    return Vocabularies.byteLevel().merge("u", "g").merge("h", "ug").merge("p", "u").merge("Ġ", "hug").merge("Ġ", "Ġ");
  }

  @Test
  void theLowestRankMergesFirst() {
    Vocabularies v = hugs();
    Tokenizer t = Tokenizer.of(v.gpt2("gpt-2").read());
    assertThat(t.encode("hug", false, false)).containsExactly(v.id("hug"));
    assertThat(t.encode("pug", false, false)).as("ug before pu").containsExactly(v.id("p"), v.id("ug"));
    assertThat(t.encode("pun", false, false)).containsExactly(v.id("pu"), v.id("n"));
    assertThat(t.encode("hug hug", false, false)).containsExactly(v.id("hug"), v.id("Ġhug"));
    assertThat(t.encode("   hug", false, false)).as("the last space belongs to the word").containsExactly(v.id("ĠĠ"), v.id("Ġhug"));
    assertThat(t.encode("é", false, false)).containsExactly(v.id("Ã"), v.id("©"));
    assertThat(t.decode(new int[] {v.id("Ã"), v.id("©"), v.id("Ġhug")}, false)).isEqualTo("é hug");
    assertThat(t.encode("hug", true, false)).as("no BOS unless the file asks").containsExactly(v.id("hug"));
  }

  @Test
  void mergesNeverCrossWords() {
    Vocabularies v = Vocabularies.byteLevel().merge("1", "2").merge("12", "3").merge("123", "4").merge("a", "1").merge("'", "S");
    assertThat(pieces(v, "gpt-2", "1234a1")).containsExactly("1234", "a", "1");
    assertThat(pieces(v, "llama-bpe", "1234")).containsExactly("123", "4");
    assertThat(pieces(v, "qwen2", "123")).containsExactly("1", "2", "3");
    assertThat(pieces(v, "smollm", "123")).containsExactly("1", "2", "3");
    assertThat(pieces(v, "llama-bpe", "a'S")).containsExactly("a", "'S");
    assertThat(pieces(v, "llama-bpe", "'ſ")).as("long s is no s").hasSize(3);
    assertThat(pieces(v, "default", "1234")).as("digits in threes").containsExactly("123", "4");
  }

  @Test
  void llama3TakesAWholeWordThatIsATokenAsItIs() {
    Vocabularies v = Vocabularies.byteLevel().merge("a", "b").merge("c", "d").token("abcd", NORMAL, 0).token("<|b|>", CONTROL, 0);
    MetadataFile file = v.gpt2("llama-bpe").put("tokenizer.ggml.bos_token_id", v.id("<|b|>"));
    assertThat(Tokenizer.of(file.read()).encode("abcd", true, false)).containsExactly(v.id("<|b|>"), v.id("abcd"));
    assertThat(Tokenizer.of(v.gpt2("qwen2").read()).encode("abcd", false, false)).containsExactly(v.id("ab"), v.id("cd"));
  }

  @Test
  void specialTokensStandOutsideTheText() {
    Vocabularies v = hugs().token("<|im_end|>", NORMAL, 0).token("  ", USER_DEFINED, 0).token("<x>", CONTROL, 0);
    Tokenizer t = Tokenizer.of(v.gpt2("qwen2").read());
    assertThat(t.endOfGeneration()).as("known by name").containsExactly(v.id("<|im_end|>"));
    assertThat(t.isSpecial(v.id("<|im_end|>"))).isTrue();
    assertThat(t.encode("hug<|im_end|>", false, true)).containsExactly(v.id("hug"), v.id("<|im_end|>"));
    assertThat(t.encode("hug  hug", false, false)).containsExactly(v.id("hug"), v.id("  "), v.id("hug"));
    assertThat(t.decode(new int[] {v.id("<x>"), v.id("  "), v.id("hug")}, false)).isEqualTo("  hug");
    assertThat(t.pieceBytes(v.id("<x>"), true)).isEqualTo("<x>".getBytes(StandardCharsets.UTF_8));
    assertThat(t.pieceBytes(v.id("<x>"), false)).isEmpty();
  }

  @Test
  void aMergeWhoseResultIsNoTokenGivesItsBytes() {
    MetadataFile file = Vocabularies.byteLevel().gpt2("gpt-2").put("tokenizer.ggml.merges", new String[] {"a b"});
    Vocabularies v = Vocabularies.byteLevel();
    assertThat(Tokenizer.of(file.read()).encode("ab", false, false)).containsExactly(v.id("a"), v.id("b"));
  }

  @Property(tries = 200, seed = "20")
  void everyTextComesBack(@ForAll("texts") String text) {
    for (String rule : RULES) {
      Tokenizer t = cached(rule);
      int[] ids = t.encode(text, false, false);
      assertThat(t.decode(ids, false)).as(rule).isEqualTo(text);
      StreamingDecoder stream = new StreamingDecoder(t, false);
      StringBuilder streamed = new StringBuilder();
      for (int id : ids) {
        String part = stream.add(id);
        assertThat(part).isEqualTo(Utf8.wellFormed(part));
        streamed.append(part);
      }
      assertThat(streamed.append(stream.flush())).hasToString(text);
    }
  }

  @Property(tries = 100, seed = "21")
  void wordsCoverTheTextWithoutGaps(@ForAll("texts") String text) {
    for (String rule : RULES) {
      IntList ends = PreTokenizer.of(rule).ends(text, 0, text.length());
      int last = 0;
      for (int i = 0; i < ends.size(); i++) {
        assertThat(ends.get(i)).isGreaterThanOrEqualTo(last);
        last = ends.get(i);
      }
      assertThat(last).isEqualTo(text.length());
    }
  }

  @Provide
  Arbitrary<String> texts() {
    Arbitrary<String> any = Arbitraries.integers().between(0, Character.MAX_CODE_POINT)
        .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE).map(Character::toString);
    Arbitrary<String> likely = Arbitraries.of(" ", "  ", "\n", "\r\n", "\t", "\u00A0", "\u3000", "\u0085", "a", "hug", "É", "ß", "'s",
        "'RE", "1", "22", "٣", "½", "我", "한", "🙂", "👩‍👩‍👧", "🇫🇷", "e\u0301", "!", "?!", "_", "<|", "$", "\u200B", "\u0000", "\uFFFD");
    return Arbitraries.frequencyOf(Tuple.of(1, any), Tuple.of(4, likely)).list().ofMaxSize(40)
        .map(parts -> String.join("", parts));
  }

  @Test
  void unpairedSurrogatesBecomeReplacementCharacters() {
    Tokenizer t = cached("llama-bpe");
    for (String text : List.of("a\uD83D", "\uDE42b", "\uD83D\uD83D\uDE42", "\uD83Dx")) {
      String expected = new String(text.codePoints().map(c -> c >= 0xD800 && c <= 0xDFFF ? 0xFFFD : c).toArray(), 0,
          (int) text.codePoints().count());
      assertThat(t.decode(t.encode(text, false, false), false)).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama-bpe", "qwen2", "gpt-2", "default", "smollm", "deepseek-llm", "deepseek-coder", "deepseek-v3", "tekken", "gpt-4o", "kimi-k2",
      "superbpe", "afmoe", "exaone-moe"})
  void longRunsTakeNeitherQuadraticTimeNorStack(String rule) {
    Tokenizer t = cached(rule);
    // A quadratic loop would take hours, so the generous limit is no measurement.
    Assertions.assertTimeoutPreemptively(Duration.ofMinutes(2), () -> {
      for (String unit : List.of(" ", "\n", "a", "7", "!", "\u00A0", "我", "🙂", "'", " \n", "a ", "\t ")) {
        String text = unit.repeat(1_000_000 / unit.length());
        assertThat(t.decode(t.encode(text, false, false), false).equals(text)).as("%s of '%s'", rule, unit).isTrue();
      }
    });
  }

  @Test
  void unknownRulesAreRefusedWithTheNamesServed() {
    assertThatThrownBy(() -> Tokenizer.of(hugs().gpt2("nobody").read())).isInstanceOf(TokenizerException.class)
        .hasMessageContaining("nobody").hasMessageContaining("llama-bpe").hasMessageContaining("qwen2");
  }

  private static Tokenizer cached(String rule) {
    Vocabularies v = hugs().merge("a", "a").merge("aa", "aa").token("<s>", CONTROL, 0);
    return Tokenizer.of(v.gpt2(rule).put("tokenizer.ggml.bos_token_id", v.id("<s>")).read());
  }

  private static List<String> pieces(Vocabularies vocabulary, String rule, String text) {
    Tokenizer t = Tokenizer.of(vocabulary.gpt2(rule).put("tokenizer.ggml.add_bos_token", false).read());
    return Arrays.stream(t.encode(text, false, false)).mapToObj(t::piece).toList();
  }
}
