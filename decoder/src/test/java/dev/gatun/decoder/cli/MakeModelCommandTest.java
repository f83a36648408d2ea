package dev.gatun.decoder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MakeModelCommandTest {
  @TempDir Path folder;

  @Test
  void fileThatWasMadeIsAModelThatRuns() throws Exception {
    Path file = folder.resolve("made.gguf");
    Ran made = Ran.command("make-model", "--shape", "test", "--type", "q8_0+f16", "--out", file);
    assertThat(made).isEqualTo(new Ran(0, made.out(), ""));
    assertThat(made.out()).startsWith(file + ": test q8_0+f16, ").hasLineCount(1);
    assertThat(Ran.command("info", "--model", file, "--tensors").out()).contains("output.weight F16", "blk.0.attn_q.weight Q8_0")
        .containsPattern("served +yes");
    assertThat(Ran.command("run", "--model", file, "--prompt", "a", "-n", "2", "-q").code()).isZero();
    Path again = folder.resolve("again.gguf");
    Path other = folder.resolve("other.gguf");
    Ran.command("make-model", "--shape", "test", "--type", "q8_0+f16", "--out", again);
    Ran.command("make-model", "--shape", "test", "--type", "q8_0+f16", "--seed", "2", "--out", other);
    assertThat(Files.mismatch(file, again)).isEqualTo(-1);
    assertThat(Files.mismatch(file, other)).isNotEqualTo(-1);
  }

  @Test
  void fileThatIsThereIsLeftAlone() throws Exception {
    Path file = Files.writeString(folder.resolve("mine.gguf"), "mine");
    Ran ran = Ran.command("make-model", "--shape", "test", "--out", file);
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err()).contains(file + ": the file is there already").hasLineCount(1);
    assertThat(file).hasContent("mine");
  }

  @Test
  void folderThatIsNotThereIsNamed() {
    Path file = folder.resolve("no/such.gguf");
    Ran ran = Ran.command("make-model", "--shape", "test", "--out", file);
    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.err()).contains(file.toString()).hasLineCount(1);
  }
}
