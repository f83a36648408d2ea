package dev.gatun.decoder.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Damaged and inconsistent metadata is refused in one line, and nothing but that. */
class TokenizerMetadataTest {

  private static MetadataFile llama() {
    return Vocabularies.sentencePiece().token("▁a", Vocabularies.NORMAL, -1).llama();
  }

  private static MetadataFile gpt2() {
    return Vocabularies.byteLevel().merge("a", "b").gpt2("qwen2");
  }

  @Test
  void eachFaultIsNamed() {
    refused(new MetadataFile(), "no tokenizer");
    refused(llama().put("tokenizer.ggml.model", "bert"), "bert", "gpt2, llama");
    refused(llama().remove("tokenizer.ggml.tokens"), "tokenizer.ggml.tokens");
    refused(llama().put("tokenizer.ggml.tokens", new String[0]), "empty");
    refused(llama().put("tokenizer.ggml.tokens", 7), "tokenizer.ggml.tokens");
    refused(llama().put("tokenizer.ggml.scores", new float[3]), "scores", "3", "260");
    refused(llama().put("tokenizer.ggml.token_type", new int[261]), "token_type", "261", "260");
    refused(llama().put("tokenizer.ggml.token_type", "text"), "token_type");
    refused(llama().put("tokenizer.ggml.bos_token_id", 260), "bos_token_id", "260");
    refused(llama().put("tokenizer.ggml.eot_token_id", 1 << 30), "eot_token_id");
    refused(gpt2().remove("tokenizer.ggml.merges"), "tokenizer.ggml.merges");
    refused(gpt2().put("tokenizer.ggml.add_bos_token", true), "adds BOS", "bos_token_id");
    for (String bad : List.of("", " ", "ab", "a ", " b", "é")) {
      refused(gpt2().put("tokenizer.ggml.merges", new String[] {"a b", bad}), "merges", "entry 1");
    }
    float[] scores = new float[260];
    scores[77] = Float.NaN;
    refused(llama().put("tokenizer.ggml.scores", scores), "77", "NaN");
    int[] types = new int[260];
    types[5] = Vocabularies.BYTE;
    types[259] = Vocabularies.BYTE;
    refused(llama().put("tokenizer.ggml.token_type", types), "259", "<0xHH>");
  }

  @Test
  void emptyAndRepeatedTokensAreServed() {
    Tokenizer t = Tokenizer.of(new Vocabularies().token("", 1, 0).token("x", 1, 0).token("x", 1, 0).llama().read());
    assertThat(t.piece(0)).isEqualTo("[EMPTY_0]");
    assertThat(t.vocabularySize()).isEqualTo(3);
  }

  @Test
  void randomDamageGivesATokenizerOrARefusal() {
    Random random = new Random(5);
    int refused = 0;
    for (int i = 0; i < 600; i++) {
      MetadataFile file = random.nextBoolean() ? llama() : gpt2();
      for (int n = 1 + random.nextInt(3); n > 0; n--) {
        damage(file, random);
      }
      try {
        exercise(Tokenizer.of(file.read()));
      } catch (TokenizerException e) {
        assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
        refused++;
      }
    }
    assertThat(refused).isBetween(200, 590);
  }

  private static void damage(MetadataFile file, Random random) {
    List<String> keys = List.of("tokenizer.ggml.tokens", "tokenizer.ggml.token_type", "tokenizer.ggml.scores", "tokenizer.ggml.merges",
        "tokenizer.ggml.pre", "tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id", "tokenizer.ggml.unknown_token_id",
        "tokenizer.ggml.add_bos_token", "tokenizer.ggml.add_space_prefix", "tokenizer.ggml.model");
    String key = keys.get(random.nextInt(keys.size()));
    switch (random.nextInt(7)) {
      case 0 -> file.remove(key);
      case 1 -> file.put(key, random.nextInt());
      case 2 -> file.put(key, random.ints(random.nextInt(400), -2, 9).toArray());
      case 3 -> {
        float[] floats = new float[260];
        for (int i = 0; i < floats.length; i++) {
          floats[i] = Float.intBitsToFloat(random.nextInt());
        }
        file.put(key, floats);
      }
      case 4 -> file.put(key, random.ints(random.nextInt(400), 0, 300)
          .mapToObj(c -> "<0xA%c> \uFFFF%c".formatted(c, c).substring(random.nextInt(7))).toArray(String[]::new));
      case 5 -> file.put(key, random.nextBoolean());
      default -> file.put(key, "gpt2");
    }
  }

  private static void exercise(Tokenizer t) {
    int[] ids = t.encode("ab </s> é\n\uD800 a b<0xA1>", true, true);
    t.decode(ids, true);
    for (int id = 0; id < t.vocabularySize(); id++) {
      t.pieceBytes(id, true);
      t.piece(id);
    }
  }

  private static void refused(MetadataFile file, String... parts) {
    assertThatThrownBy(() -> Tokenizer.of(file.read())).isInstanceOf(TokenizerException.class).hasMessageContainingAll(parts);
  }
}
