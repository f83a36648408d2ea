package dev.gatun.bench.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SharedNameTest {
  private static byte[] library() throws IOException {
    // A library of the JVM's own, so that the test needs nothing else.
    Path library = Path.of(System.getProperty("java.home"), "lib", "libnet.so");
    assumeTrue(Files.isRegularFile(library), "a JVM for Linux");
    return Files.readAllBytes(library);
  }

  @Test
  void theNameAloneChanges() throws IOException {
    byte[] library = library();
    assertThat(SharedName.of(library)).isEqualTo("libnet.so");
    byte[] changed = SharedName.changed(library, "libn.so");
    assertThat(SharedName.of(changed)).isEqualTo("libn.so");
    int different = 0;
    for (int i = 0; i < library.length; i++) {
      different += library[i] == changed[i] ? 0 : 1;
    }
    assertThat(changed).hasSameSizeAs(library);
    assertThat(different).isBetween(1, "libnet.so".length());
  }

  @Test
  void aLongerNameAndAFileThatIsNoLibraryAreRefused() throws IOException {
    byte[] library = library();
    assertThatThrownBy(() -> SharedName.changed(library, "libnetwork.so")).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("longer");
    assertThatThrownBy(() -> SharedName.of(new byte[100])).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("ELF");
  }
}
