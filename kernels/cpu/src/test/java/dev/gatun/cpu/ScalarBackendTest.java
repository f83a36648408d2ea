package dev.gatun.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Backend;
import dev.gatun.BackendInfo;
import dev.gatun.BackendOptions;
import dev.gatun.Gatun;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A JVM without the Vector API: everything works, and one warning names the flag. */
@Tag("scalar")
class ScalarBackendTest {
  @Test
  void theScalarFormRunsAndSaysSoOnce() {
    assertThat(ModuleLayer.boot().findModule("jdk.incubator.vector")).isEmpty();
    Logger logger = Logger.getLogger("dev.gatun.cpu");
    List<String> warnings = new ArrayList<>();
    Handler handler = new Handler() {
      @Override
      public void publish(LogRecord event) {
        warnings.add(event.getMessage());
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
    logger.addHandler(handler);
    try {
      for (int i = 0; i < 3; i++) {
        try (Backend backend = Gatun.open("cpu")) {
          assertThat(backend.device().facts()).containsEntry("lanes", "scalar");
        }
      }
      try (Backend asked = Gatun.open("cpu", BackendOptions.none().with("vector", "off"))) {
        assertThat(asked.device().facts()).containsEntry("lanes", "scalar");
      }
    } finally {
      logger.removeHandler(handler);
    }
    assertThat(warnings).hasSizeLessThanOrEqualTo(1).allMatch(text -> text.contains("--add-modules jdk.incubator.vector"));
    BackendInfo info = Gatun.backends().stream().filter(b -> b.name().equals("cpu")).findFirst().orElseThrow();
    assertThat(info.isAvailable()).isTrue();
    assertThat(info.reasons()).anyMatch(reason -> reason.contains("--add-modules jdk.incubator.vector"));
  }
}
