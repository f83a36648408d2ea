package dev.gatun.decoder.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.Backend;
import dev.gatun.ClosedException;
import dev.gatun.DType;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

class OpeningBackendTest {
  private static BackendChoice cpu(Map<String, String> options) {
    return BackendChoice.of(new CommandLine(CommandSpec.create()).getCommandSpec(), Optional.of("cpu"), Optional.empty(), Optional.of(1), options);
  }

  @Test
  void backendThatWasTakenIsTheCallers() {
    Backend backend;
    try (OpeningBackend opening = OpeningBackend.of(cpu(Map.of()))) {
      backend = opening.take();
    }
    try (backend) {
      assertThat(backend.allocate(DType.F32, 4).bytes()).isEqualTo(16);
    }
  }

  @Test
  void errorsAreThoseOfOpening() {
    try (OpeningBackend opening = OpeningBackend.of(cpu(Map.of("vector", "maybe")))) {
      assertThatThrownBy(opening::take).isInstanceOf(ParameterException.class).hasMessageContaining("maybe");
    }
  }

  @Test
  void whoWasInterruptedSeesItAfterwards() {
    try (OpeningBackend opening = OpeningBackend.of(cpu(Map.of()))) {
      Thread.currentThread().interrupt();
      try (Backend backend = opening.take()) {
        assertThat(Thread.interrupted()).isTrue();
        assertThat(backend.device().name()).isNotEmpty();
      }
    }
  }

  @Test
  void backendThatNobodyTookIsClosed() {
    OpeningBackend opening = OpeningBackend.of(cpu(Map.of()));
    opening.close();
    assertThatThrownBy(() -> opening.take().allocate(DType.F32, 4)).isInstanceOf(ClosedException.class);
  }
}
