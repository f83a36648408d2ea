package dev.gatun.architecture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PublicApiTest {
  private static final String RECORD = "mvn -q -pl architecture -am test -Dgatun.api.record=true";

  static List<String> modules() {
    return House.PUBLISHED;
  }

  @ParameterizedTest
  @MethodSource("modules")
  void thePublicApiIsTheRecordedOne(String module) throws IOException {
    Path record = House.ROOT.resolve("architecture", "api", module.substring(module.lastIndexOf('/') + 1) + ".txt");
    List<String> now = ApiSurface.of(House.classes(module));
    if (Boolean.getBoolean("gatun.api.record")) {
      Files.createDirectories(record.getParent());
      Files.write(record, now);
    }
    List<String> changes = changes(Files.exists(record) ? Files.readAllLines(record) : List.of(), now);
    if (!changes.isEmpty()) {
      fail("the public API of " + module + " is not the one recorded in " + House.ROOT.relativize(record) + ":\n"
          + String.join("\n", changes) + "\nIf the change is meant, record it with `" + RECORD + "` and commit the file with it.");
    }
  }

  @Test
  void aChangeIsShownAsLinesTakenAwayAndAdded() {
    assertThat(changes(List.of("a", "b", "d"), List.of("a", "c", "d"))).containsExactly("- b", "+ c");
    assertThat(changes(List.of("a"), List.of("a"))).isEmpty();
  }

  @Test
  void theSurfaceHasWhatOthersCompileAgainst() {
    assertThat(ApiSurface.of(House.classes("kernels/api")))
        .contains(
            "module dev.gatun exports dev.gatun",
            "module dev.gatun uses dev.gatun.spi.BackendProvider",
            "dev.gatun.DType : public final enum extends java.lang.Enum<dev.gatun.DType>",
            "dev.gatun.DType.Q8_0 : public static final dev.gatun.DType",
            "dev.gatun.DType.bytes(long) : public long",
            "dev.gatun.DType.of(java.lang.String) : public static java.util.Optional<dev.gatun.DType>",
            "dev.gatun.GatunException.<init>(java.lang.String, java.lang.Throwable) : public void")
        .noneMatch(line -> line.contains("blockBytes : ") || line.contains("$VALUES") || line.startsWith("dev.gatun.DType.<init>"));
  }

  private static List<String> changes(List<String> recorded, List<String> now) {
    List<String> changes = new ArrayList<>();
    recorded.stream().filter(line -> !now.contains(line)).forEach(line -> changes.add("- " + line));
    now.stream().filter(line -> !recorded.contains(line)).forEach(line -> changes.add("+ " + line));
    return changes;
  }
}
