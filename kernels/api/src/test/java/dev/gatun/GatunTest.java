package dev.gatun;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Looking for backends, over the providers of {@link FakeProvider}. */
class GatunTest {
  private static BackendInfo info(String name) {
    return Gatun.backends().stream().filter(b -> b.name().equals(name)).findFirst().orElseThrow();
  }

  @Test
  void theBestComesFirstAndNoFailureHidesTheOthers() {
    List<String> names = Gatun.backends().stream().map(BackendInfo::name).toList();
    assertThat(names).containsExactly("fake", "absent", "broken", "outdated");
    assertThat(info("fake").isAvailable()).isTrue();
    assertThat(info("fake").reasons()).containsExactly("a warning");
  }

  @Test
  void anotherInterfaceVersionIsReportedAndNotProbed() {
    assertThat(info("outdated").isAvailable()).isFalse();
    assertThat(info("outdated").reasons()).singleElement().asString().contains("version 42").contains("version 1")
        .contains("matching versions");
  }

  @Test
  void whatIsMissingIsReported() {
    assertThat(info("absent").reasons()).containsExactly("no driver was found", "install one");
    assertThat(info("broken").reasons()).singleElement().asString().contains("libbroken is missing");
  }

  @Test
  void theDefaultIsTheBestAvailable() {
    try (Backend backend = Gatun.open()) {
      assertThat(backend.name()).isEqualTo("fake");
    }
  }

  @Test
  void aBackendAskedForByNameIsNeverReplaced() {
    assertThatThrownBy(() -> Gatun.open("absent")).isInstanceOf(BackendUnavailableException.class).hasMessageContaining("absent")
        .hasMessageContaining("no driver was found").hasMessageContaining("install one");
    assertThatThrownBy(() -> Gatun.open("outdated")).isInstanceOf(BackendUnavailableException.class).hasMessageContaining("version 42");
  }

  @Test
  void anUnknownNameListsTheNamesThereAre() {
    assertThatThrownBy(() -> Gatun.open("gpu")).isInstanceOf(BackendUnavailableException.class).hasMessageContaining("'gpu'")
        .hasMessageContaining("absent, broken, fake, outdated");
  }

  @Test
  void onlyTheBackendAskedForIsProbed() {
    FakeProvider.PROBED.clear();
    Gatun.open("fake").close();
    assertThatThrownBy(() -> Gatun.open("gpu")).isInstanceOf(BackendUnavailableException.class);
    assertThat(FakeProvider.PROBED).containsExactly("fake");
  }

  @Test
  void whatCouldNotBeLoadedIsTold() {
    assertThatThrownBy(() -> Gatun.open("gpu")).hasMessageContaining("could not be loaded").hasMessageContaining("AbstractMethodError: name")
        .hasMessageContaining("Unmakeable").hasMessageContaining("IllegalStateException: no")
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(2));
  }

  /** Finds a provider that the library's own loader does not, and fails at every look for registrations when it is told to. */
  private static ClassLoader loader(boolean failing, String registration) {
    return new ClassLoader(GatunTest.class.getClassLoader()) {
      @Override
      public Enumeration<URL> getResources(String name) throws IOException {
        if (failing) {
          throw new IOException("the disk is gone");
        }
        return super.getResources(name);
      }

      @Override
      protected Enumeration<URL> findResources(String name) throws IOException {
        Path file = Files.writeString(folder.resolve("registration"), registration);
        return Collections.enumeration(List.of(file.toUri().toURL()));
      }
    };
  }

  @TempDir
  static Path folder;

  @Test
  @Timeout(60)
  void aSearchThatFailsForEverEnds() {
    Providers found = Providers.find(List.of(GatunTest.class.getClassLoader(), loader(true, "")));
    assertThat(found.named()).containsValue("fake").hasSize(4);
    assertThat(found.causes()).contains("the disk is gone");
  }

  /** Seen by the context class loader alone. */
  public static final class Elsewhere extends FakeProvider {
    /** For the service loader. */
    public Elsewhere() {}

    @Override
    public String name() {
      return "elsewhere";
    }
  }

  @Test
  void theContextClassLoaderIsSearchedTooAndNothingIsFoundTwice() {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(loader(false, Elsewhere.class.getName()));
    try {
      assertThat(Gatun.backends()).extracting(BackendInfo::name).containsExactly("elsewhere", "fake", "absent", "broken", "outdated");
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @Test
  void theDefaultSaysWhatWasPassedOver() {
    Logger logger = Logger.getLogger("dev.gatun");
    List<LogRecord> records = new ArrayList<>();
    Handler handler = new Handler() {
      @Override
      public void publish(LogRecord entry) {
        records.add(entry);
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
    logger.addHandler(handler);
    try {
      Gatun.open().close();
    } finally {
      logger.removeHandler(handler);
    }
    assertThat(records).filteredOn(r -> r.getLevel().equals(Level.INFO)).singleElement().extracting(LogRecord::getMessage).asString()
        .startsWith("chose backend fake (score 5)").contains("passed over", "absent (score 0): no driver was found", "libbroken is missing",
            "version 42", "Unmakeable");
  }
}
