package dev.gatun.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CoresTest {
  @TempDir Path folder;

  private void processor(int number, String siblings) throws IOException {
    Path topology = Files.createDirectories(folder.resolve("cpu" + number).resolve("topology"));
    Files.writeString(topology.resolve("thread_siblings_list"), siblings + "\n");
  }

  @Test
  void threadsOfOneCoreCountOnce() throws IOException {
    for (int i = 0; i < 8; i++) {
      processor(i, i % 4 + "," + (i % 4 + 4));
    }
    Files.createDirectories(folder.resolve("cpuidle"));
    Files.createDirectories(folder.resolve("cpu8"));
    assertThat(Cores.threads(folder, 8)).isEqualTo(4);
  }

  @Test
  void aQuotaIsNotPassed() throws IOException {
    for (int i = 0; i < 8; i++) {
      processor(i, String.valueOf(i));
    }
    assertThat(Cores.threads(folder, 3)).isEqualTo(3);
  }

  @Test
  void withoutTopologyEveryProcessorIsACore() {
    assertThat(Cores.threads(folder, 6)).isEqualTo(6);
    assertThat(Cores.threads(folder.resolve("absent"), 5)).isEqualTo(5);
  }
}
