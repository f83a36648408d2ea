package dev.gatun.decoder.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.gatun.decoder.cli.quality.Moments;
import dev.gatun.decoder.cli.quality.Quality;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PerplexityCommandTest {
  @TempDir static Path folder;

  private static Ran ran(Path model, String text, Object... more) {
    Path file = ModelFiles.with(folder, "text.txt", text.getBytes(StandardCharsets.UTF_8));
    Object[] line = {"perplexity", "--model", model, "--file", file, "--ctx", "16"};
    Object[] all = Arrays.copyOf(line, line.length + more.length);
    System.arraycopy(more, 0, all, line.length, more.length);
    return Ran.command(all);
  }

  @Test
  void badInputIsNamedInOneLine() {
    Path model = ModelFiles.whole(folder);
    Ran shorter = ran(model, "few");
    assertThat(shorter.err()).contains("text.txt: has ").contains("a window takes 16").hasLineCount(1);
    Ran missing = Ran.command("perplexity", "--model", model, "--file", folder.resolve("nosuch.txt"));
    assertThat(missing.err()).contains("nosuch.txt: there is no such file").hasLineCount(1);
    Ran poisoned = ran(ModelFiles.with(folder, "nan.gguf", ModelFiles.poisoned(folder, "output_norm.weight")), "some text that is long enough for a window");
    assertThat(poisoned.err()).contains("nan.gguf").contains("not finite").hasLineCount(1);
    assertThat(List.of(shorter, missing, poisoned)).allSatisfy(failed -> {
      assertThat(failed.code()).isEqualTo(1);
      assertThat(failed.out()).isEmpty();
    });
  }

  @Test
  void distributionsAreComparedTokenByToken() {
    Quality quality = new Quality();
    // Probabilities 1/2, 1/4, 1/4 after 1/4, 1/4, 1/2, and twice the same.
    float[] row = {(float) Math.log(4), (float) Math.log(2), (float) Math.log(2)};
    float[] base = {10, 10, 10 + (float) Math.log(2)};
    quality.score(row, 0, base, Math.log(4));
    quality.score(row, 1, row, Math.log(4));
    assertThat(quality.loss().mean()).isCloseTo(Math.log(8) / 2, within(1e-6));
    assertThat(quality.perplexity()).isCloseTo(Math.sqrt(8), within(1e-6));
    assertThat(quality.difference().mean()).isCloseTo(-Math.log(2) / 2, within(1e-6));
    assertThat(quality.divergence().mean()).isCloseTo((0.25 * Math.log(0.5) + 0.5 * Math.log(2)) / 2, within(1e-6));
    assertThat(quality.agreement()).isEqualTo(0.5);
  }

  @Test
  void meansAndErrorsAreThoseOfTheSample() {
    Moments moments = new Moments();
    assertThat(moments.mean()).isNaN();
    for (double value : new double[] {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}) {
      moments.add(value);
    }
    assertThat(moments.mean()).isEqualTo(1e9 + 10);
    assertThat(moments.standardError()).isEqualTo(Math.sqrt(30.0 / 4));
  }
}
