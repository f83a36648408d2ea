package dev.gatun.decoder.tokenizer;

import static dev.gatun.decoder.tokenizer.Vocabularies.CONTROL;
import static dev.gatun.decoder.tokenizer.Vocabularies.NORMAL;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Rules for special tokens that follow from names, not from metadata; expectations are what llama.cpp does with such a vocabulary. */
class SpecialTokenRulesTest {

  private static List<String> pieces(Tokenizer t, String text) {
    return Arrays.stream(t.encode(text, false, true)).mapToObj(t::piece).toList();
  }

  private static Vocabularies letters() {
    return Vocabularies.sentencePiece().token("▁", NORMAL, -1).token("a", NORMAL, -2).token("\n", NORMAL, -2).token("<|user|>", CONTROL, 0)
        .token("<|endoftext|>", CONTROL, 0);
  }

  @Test
  void phi3TokensTakeTheSpacesBehindThem() {
    Tokenizer plain = Tokenizer.of(letters().llama().put("tokenizer.ggml.add_space_prefix", false).read());
    assertThat(pieces(plain, "<|user|>\n a")).containsExactly("<|user|>", "\n", "▁", "a");
    Tokenizer phi = Tokenizer.of(letters().llama().put("tokenizer.ggml.add_space_prefix", false).put("general.name", "Phi-3 mini").read());
    assertThat(pieces(phi, "<|user|>\n a")).containsExactly("<|user|>", "a");
    assertThat(pieces(phi, "<|user|> \t ")).containsExactly("<|user|>");
    assertThat(pieces(phi, "<|endoftext|>\n a")).as("but not this one").containsExactly("<|endoftext|>", "\n", "▁", "a");
    assertThat(pieces(phi, "a </s> a")).containsExactly("a", "▁", "</s>", "a");
  }

  @Test
  void maskTokensOfEncodersTakeTheSpacesBeforeThem() {
    Vocabularies v = Vocabularies.byteLevel().token("<mask>", CONTROL, 0);
    assertThat(pieces(Tokenizer.of(v.gpt2("jina-v2-code").read()), "a  <mask> b")).containsExactly("a", "<mask>", "Ġ", "b");
    assertThat(pieces(Tokenizer.of(v.gpt2("gpt-2").read()), "a <mask>")).containsExactly("a", "Ġ", "<mask>");
  }

  @Test
  void whereTokensOfATurnEndTheTextTheEndOfAMessageDoesNot() {
    Vocabularies v = Vocabularies.byteLevel().token("<|end|>", CONTROL, 0);
    assertThat(Tokenizer.of(v.gpt2("gpt-4o").read()).endOfGeneration()).containsExactly(v.id("<|end|>"));
    v.token("<|return|>", CONTROL, 0).token("<|call|>", CONTROL, 0).token("<|channel|>", CONTROL, 0);
    Tokenizer harmony = Tokenizer.of(v.gpt2("gpt-4o").read());
    assertThat(harmony.endOfGeneration()).containsExactly(v.id("<|return|>"), v.id("<|call|>"));
    assertThat(harmony.isSpecial(v.id("<|end|>"))).isFalse();
    assertThat(harmony.decode(new int[] {v.id("<|channel|>"), v.id("a")}, false)).as("shown as text").isEqualTo("<|channel|>a");
  }
}
