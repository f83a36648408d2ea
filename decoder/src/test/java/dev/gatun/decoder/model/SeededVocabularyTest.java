package dev.gatun.decoder.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.GgufWriter;
import dev.gatun.decoder.gguf.Metadata;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SeededVocabularyTest {
  @TempDir Path folder;

  @Test
  void everyShapeGetsDistinctTokensThatBeginAlike() {
    List<String> largest = SeededVocabulary.tokens(262144);
    assertThat(largest).doesNotHaveDuplicates().doesNotContain("");
    assertThat(largest.subList(0, 3)).containsExactly("<unk>", "<s>", "</s>");
    assertThat(largest.get(3)).isEqualTo("<0x00>");
    assertThat(largest.get(3 + 0xAF)).isEqualTo("<0xAF>");
    assertThat(largest).contains("\u2581", "\u2581the", "\u2581once", "e", "~", "th", "ing");
    for (ModelShape shape : ModelShape.all()) {
      assertThat(SeededVocabulary.tokens(shape.vocab())).hasSize(shape.vocab()).isEqualTo(largest.subList(0, shape.vocab()));
    }
    assertThatThrownBy(() -> SeededVocabulary.tokens(258)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void everyPieceIsReachedByMergingTwoOthers() {
    Set<String> tokens = new HashSet<>(SeededVocabulary.tokens(128256));
    List<String> pieces = SeededVocabulary.tokens(128256).subList(SeededVocabulary.LEAST, 128256);
    for (String piece : pieces) {
      boolean reached = piece.length() == 1;
      for (int cut = 1; cut < piece.length(); cut++) {
        reached |= tokens.contains(piece.substring(0, cut)) && tokens.contains(piece.substring(cut));
      }
      assertThat(reached).as(piece).isTrue();
    }
  }

  @Test
  void metadataHasWhatASentencePieceTokenizerNeeds() {
    GgufWriter writer = new GgufWriter();
    SeededVocabulary.addTo(writer, 400);
    Path file = folder.resolve("vocab.gguf");
    writer.write(file);
    try (Gguf gguf = Gguf.open(file)) {
      Metadata metadata = gguf.metadata();
      assertThat(metadata.string("tokenizer.ggml.model")).contains("llama");
      int[] types = metadata.integers("tokenizer.ggml.token_type").orElseThrow();
      float[] scores = metadata.floats("tokenizer.ggml.scores").orElseThrow();
      assertThat(types).hasSize(400);
      assertThat(scores).hasSize(400);
      assertThat(new int[] {types[0], types[1], types[2], types[3], types[258], types[259]}).containsExactly(2, 3, 3, 6, 6, 1);
      for (int id = 260; id < 400; id++) {
        assertThat(scores[id]).isLessThan(scores[id - 1]);
      }
      assertThat(metadata.integer("tokenizer.ggml.bos_token_id")).hasValue(1);
      assertThat(metadata.integer("tokenizer.ggml.eos_token_id")).hasValue(2);
      assertThat(metadata.bool("tokenizer.ggml.add_bos_token")).contains(true);
    }
  }
}
