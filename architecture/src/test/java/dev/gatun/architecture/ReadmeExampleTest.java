package dev.gatun.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's example is compiled and run as it stands there. */
class ReadmeExampleTest {
  @TempDir
  Path folder;

  @Test
  void theLibraryExampleRunsAndPrintsWhatTheReadmeSays() throws IOException, InterruptedException {
    String readme = Files.readString(House.ROOT.resolve("README.md"));
    Matcher block = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(readme);
    assertThat(block.find()).as("a java block in README.md").isTrue();
    String code = block.group(1);
    Matcher promised = Pattern.compile("println\\(.*\\);\\s*// prints (.*)").matcher(code);
    assertThat(promised.find()).as("a line that says what it prints").isTrue();

    Path source = Files.writeString(folder.resolve("Example.java"), code);
    Process process = new ProcessBuilder(List.of(ProcessHandle.current().info().command().orElseThrow(), "--add-modules", "jdk.incubator.vector",
        "-cp", System.getProperty("java.class.path"), source.toString())).redirectError(folder.resolve("errors").toFile()).start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(Files.readString(folder.resolve("errors"))).isZero();
    assertThat(printed.strip()).isEqualTo(promised.group(1).strip());
  }
}
