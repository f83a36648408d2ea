package dev.gatun.decoder.tokenizer;

import static dev.gatun.decoder.tokenizer.Vocabularies.NORMAL;
import static dev.gatun.decoder.tokenizer.Vocabularies.USER_DEFINED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

class SentencePieceTokenizerTest {
  private static final int FIRST_BYTE = 3;

  private static Vocabularies words() {
    return Vocabularies.sentencePiece().token("▁", NORMAL, -10).token("a", NORMAL, -11).token("b", NORMAL, -12).token("c", NORMAL, -13)
        .token("ab", NORMAL, -2).token("bc", NORMAL, -1).token("abc", NORMAL, -3).token("▁a", NORMAL, -4).token("aa", NORMAL, -5);
  }

  @Test
  void theHighestScoreMergesFirst() {
    Vocabularies v = words();
    Tokenizer t = Tokenizer.of(v.llama().put("tokenizer.ggml.add_space_prefix", false).read());
    assertThat(t.encode("ab", false, false)).containsExactly(v.id("ab"));
    assertThat(t.encode("bcab", false, false)).containsExactly(v.id("bc"), v.id("ab"));
    assertThat(t.encode("abc", false, false)).as("bc first, then a + bc").containsExactly(v.id("abc"));
    assertThat(t.encode("abbc", false, false)).containsExactly(v.id("ab"), v.id("bc"));
    assertThat(t.encode("aaa", false, false)).as("the leftmost of equals first").containsExactly(v.id("aa"), v.id("a"));
  }

  @Test
  void aSpaceIsPutInFrontAndTakenOffAgain() {
    Vocabularies v = words();
    Tokenizer t = Tokenizer.of(v.llama().read());
    assertThat(t.encode("a", false, false)).containsExactly(v.id("▁a"));
    assertThat(t.encode(" a", false, false)).containsExactly(v.id("▁"), v.id("▁a"));
    assertThat(t.encode("a", true, false)).containsExactly(1, v.id("▁a"));
    assertThat(t.encode("", true, false)).containsExactly(1);
    assertThat(t.encode("", false, false)).isEmpty();
    assertThat(t.decode(new int[] {1, v.id("▁a"), v.id("▁a")}, false)).isEqualTo("a a");
    assertThat(t.decode(new int[] {v.id("▁"), v.id("▁a")}, false)).isEqualTo(" a");
    assertThat(t.decode(new int[] {1, v.id("▁a"), 2}, true)).isEqualTo("<s>a</s>");
  }

  @Test
  void charactersWithoutATokenBecomeTheirBytes() {
    Vocabularies v = words();
    Tokenizer t = Tokenizer.of(v.llama().read());
    assertThat(t.encode("aé\n", false, false))
        .containsExactly(v.id("▁a"), FIRST_BYTE + 0xC3, FIRST_BYTE + 0xA9, FIRST_BYTE + 0x0A);
    assertThat(t.decode(new int[] {FIRST_BYTE + 0xC3, FIRST_BYTE + 0xA9}, false)).isEqualTo("é");
    assertThat(t.decode(new int[] {FIRST_BYTE + 0xC3}, false)).isEqualTo("\uFFFD");
    assertThat(t.pieceBytes(FIRST_BYTE + 0xC3, false)).containsExactly(0xC3);
  }

  @Test
  void withoutByteTokensTheUnknownTokenStandsIn() {
    Vocabularies v = new Vocabularies().token("<unk>", Vocabularies.UNKNOWN, 0).token("<s>", Vocabularies.CONTROL, 0)
        .token("</s>", Vocabularies.CONTROL, 0).token("▁", NORMAL, 0);
    assertThat(Tokenizer.of(v.llama().read()).encode("é", false, false)).containsExactly(3, 0, 0);
  }

  @Test
  void specialTokensAreMatchedAsTheRulesSay() {
    Vocabularies v = words().token("ca", USER_DEFINED, 0).token("cab", USER_DEFINED, 0);
    Tokenizer t = Tokenizer.of(v.llama().read());
    assertThat(t.encode("acabca", false, false)).as("longest first").containsExactly(v.id("▁a"), v.id("cab"), v.id("ca"));
    assertThat(t.encode("</s>a", false, true)).as("a space again after a special token").containsExactly(2, v.id("▁a"));
    assertThat(t.encode("</s>a", false, false)).doesNotContain(2);
    assertThat(t.isSpecial(2)).isTrue();
    assertThat(t.isSpecial(v.id("ca"))).isFalse();
    assertThat(t.endOfGeneration()).containsExactly(2);
  }

  @Test
  void spacesInsideTokensAreMergedAcrossWords() {
    Vocabularies v = words().token("a▁", NORMAL, 5).token("a▁a", NORMAL, 6);
    Tokenizer t = Tokenizer.of(v.llama().put("tokenizer.ggml.add_space_prefix", false).read());
    assertThat(t.encode("a a", false, false)).containsExactly(v.id("a▁a"));
  }

  @Test
  void beginAndEndAreAddedAsTheFileAsks() {
    MetadataFile file = words().llama().put("tokenizer.ggml.add_bos_token", false).put("tokenizer.ggml.add_eos_token", true);
    assertThat(Tokenizer.of(file.read()).encode("b", true, false)).endsWith(2).doesNotContain(1);
    assertThat(Tokenizer.of(file.put("tokenizer.ggml.eos_token_id", 1).read()).encode("b", true, false)).endsWith(1);
  }

  @Test
  void minusOneMeansNoToken() {
    MetadataFile file = words().llama().put("tokenizer.ggml.eos_token_id", -1).put("tokenizer.ggml.padding_token_id", -1);
    assertThat(Tokenizer.of(file.read()).eos()).hasValue(2);
  }

  @Test
  void idsOutsideTheVocabularyAreRefused() {
    Tokenizer t = Tokenizer.of(words().llama().read());
    int size = t.vocabularySize();
    assertThatThrownBy(() -> t.decode(new int[] {size}, false)).isInstanceOf(TokenizerException.class).hasMessageContaining("" + size);
    assertThatThrownBy(() -> t.piece(-1)).isInstanceOf(TokenizerException.class);
    assertThatThrownBy(() -> t.isSpecial(Integer.MAX_VALUE)).isInstanceOf(TokenizerException.class);
  }

  @Test
  void longRunsTakeNoQuadraticTime() {
    Vocabularies v = words().token("▁▁", NORMAL, -1).token("▁▁▁▁", NORMAL, -2);
    Tokenizer t = Tokenizer.of(v.llama().read());
    int n = 1_000_000;
    // A quadratic loop would take hours, so the generous limit is no measurement.
    Assertions.assertTimeoutPreemptively(Duration.ofMinutes(1), () -> {
      assertThat(t.encode("a".repeat(n), false, false)).hasSize(1 + n / 2);
      assertThat(t.encode(" ".repeat(n - 1), false, false)).hasSize(n / 4).containsOnly(v.id("▁▁▁▁"));
      assertThat(t.encode("7".repeat(n), false, false)).hasSize(n + 1);
    });
  }
}
