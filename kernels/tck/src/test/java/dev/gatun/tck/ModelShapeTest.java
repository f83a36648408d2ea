package dev.gatun.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ModelShapeTest {
  private static final String LINE = "tiny quick 64 128 4 2 16 16 1000 10000 1e-5";

  private static List<ModelShape> read(String text) throws IOException {
    return ModelShape.read("mine.txt", new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void readsALineForEachModelAndPassesOverComments() throws IOException {
    assertThat(read("# shapes\n\n" + LINE + " # the smallest\n"))
        .containsExactly(new ModelShape("tiny", Level.QUICK, 64, 128, 4, 2, 16, 16, 1000, 10_000, 1e-5f));
  }

  @Test
  void readsExpertsWhereThereAreSome() throws IOException {
    assertThat(read(LINE + " 64 6")).containsExactly(new ModelShape("tiny", Level.QUICK, 64, 128, 4, 2, 16, 16, 1000, 10_000, 1e-5f, 64, 6));
    assertThatThrownBy(() -> read(LINE + " 6 7")).isInstanceOf(CaseException.class)
        .hasMessage("mine.txt, line 1: experts_used must be at most the 6 experts, not 7");
    assertThatThrownBy(() -> read(LINE + " 6")).isInstanceOf(CaseException.class).hasMessageContaining("12 columns");
  }

  @Test
  void readsLatentRowsWithAndWithoutExperts() throws IOException {
    assertThat(read(LINE + " 64 6 32 8")).containsExactly(new ModelShape("tiny", Level.QUICK, 64, 128, 4, 2, 16, 16, 1000, 10_000, 1e-5f, 64, 6, 32, 8));
    assertThat(read(LINE + " - - 32 8")).containsExactly(new ModelShape("tiny", Level.QUICK, 64, 128, 4, 2, 16, 16, 1000, 10_000, 1e-5f, 0, 0, 32, 8));
    assertThatThrownBy(() -> read(LINE + " - 2 32 8")).isInstanceOf(CaseException.class).hasMessageContaining("experts must be a whole number");
    assertThatThrownBy(() -> read(LINE + " - - 32 16")).isInstanceOf(CaseException.class)
        .hasMessage("mine.txt, line 1: rope_size must be less than the 16 of key_size, not 16");
  }

  @Test
  void namesTheLineThatIsWrong() {
    assertThatThrownBy(() -> read(LINE + "\n" + "short quick 64\n")).isInstanceOf(CaseException.class)
        .hasMessage("mine.txt, line 2: 3 columns; there must be 11, or 13 with experts, or 15 with latent rows too");
    assertThatThrownBy(() -> read("\n" + LINE.replace("64", "many"))).isInstanceOf(CaseException.class)
        .hasMessageContaining("mine.txt, line 2")
        .hasMessageContaining("many");
    assertThatThrownBy(() -> read(LINE.replace("128", "0"))).isInstanceOf(CaseException.class)
        .hasMessage("mine.txt, line 1: intermediate must be a whole number from 1 to 16777216, not 0");
    assertThatThrownBy(() -> read(LINE.replace("quick", "slow"))).isInstanceOf(CaseException.class)
        .hasMessage("mine.txt, line 1: there is no level 'slow'; there are: quick, standard, full");
  }

  @Test
  void refusesWhatNoModelHas() {
    assertThatThrownBy(() -> read(LINE.replace(" 4 2 ", " 2 4 "))).isInstanceOf(CaseException.class)
        .hasMessage("mine.txt, line 1: heads must be a multiple of kv_heads, not 2 for 4");
    for (String size : List.of("16777217", "99999999999", "-1", "1.5")) {
      assertThatThrownBy(() -> read(LINE.replace(" 1000 ", " " + size + " "))).isInstanceOf(CaseException.class)
          .hasMessage("mine.txt, line 1: vocabulary must be a whole number from 1 to 16777216, not " + size);
    }
    for (String number : List.of("NaN", "Infinity", "0", "-1", "1e300", "ten")) {
      assertThatThrownBy(() -> read(LINE.replace("10000", number))).isInstanceOf(CaseException.class)
          .hasMessage("mine.txt, line 1: rope_base must be a positive number, not " + number);
      assertThatThrownBy(() -> read(LINE.replace("1e-5", number))).isInstanceOf(CaseException.class)
          .hasMessage("mine.txt, line 1: eps must be a positive number, not " + number);
    }
  }

  @Test
  void theSuitesOwnModelsCoverTheLevels() {
    List<ModelShape> models = ModelShape.builtIn();
    assertThat(models).extracting(ModelShape::name).contains("llama-3.2-1b", "llama-3-8b", "qwen3-0.6b", "minicpm-2b")
        .doesNotHaveDuplicates();
    assertThat(models).extracting(ModelShape::least).contains(Level.values());
    assertThat(models).allSatisfy(model -> assertThat(model.heads() % model.kvHeads()).isZero());
  }
}
