package dev.gatun.decoder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.BackendInfo;
import java.util.List;
import org.junit.jupiter.api.Test;

class BackendChoiceTest {
  private static final BackendInfo CPU = new BackendInfo("cpu", "plain", 10, List.of("a warning"));

  @Test
  void onlyBackendsThatDoNotWorkAreToldOfWithTheHeadsOfTheirReasons() {
    assertThat(BackendChoice.passedOver(List.of(CPU))).isEmpty();
    assertThat(BackendChoice.passedOver(List.of(CPU, new BackendInfo("cuda", "fast", 0, List.of("no CUDA driver: libcuda.so.1: none. Install one")),
        new BackendInfo("other", "odd", 0, List.of("no device", "no luck"))))).hasValue("cuda (no CUDA driver), other (no device)");
  }
}
