package dev.gatun;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

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
        .hasMessageContaining("fake, absent, broken, outdated");
  }
}
