package dev.gatun.decoder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ValidateCommandTest {
  private static final String CASE = "rms_norm(rows=4, n=65)";

  @TempDir Path folder;

  @Test
  void aPassingRunSaysSoInATableAndALineAndInBothFiles() throws IOException {
    Path json = folder.resolve("report.json");
    Path html = folder.resolve("report.html");
    Ran ran = Ran.command("validate", "--backend", "cpu", "--case", CASE, "--case", "rms_norm(rows=4, n=65, x=f16, y=f16)", "--json", json, "--html", html);
    assertThat(ran.err()).isEmpty();
    assertThat(ran.code()).isZero();
    assertThat(ran.out()).containsPattern("(?m)^operator +f32 +f16 +worst$").containsPattern("(?m)^rms_norm +1 +1 +[0-9.e-]+$")
        .containsPattern("PASSED: 2 passed, 0 failed, 0 unsupported, 0 not run; [0-9.]+ s\\R$");
    assertThat(Files.readString(json)).contains("\"case\":\"" + CASE + "\"");
    assertThat(Files.readString(html)).contains("rms_norm");
    Ran compared = Ran.command("validate", "--compare", json, json);
    assertThat(compared).isEqualTo(new Ran(0, "SAME: every case has the same verdict in both\n", ""));
  }

  @Test
  void jsonOnStandardOutputIsAlone() {
    JsonNode report = Ran.command("validate", "--backend", "cpu", "--in-process", "--case", CASE, "--json", "-").json();
    assertThat(report.at("/summary/pass").asInt()).isEqualTo(1);
    assertThat(report.at("/run/command").asText()).isEqualTo("gatun validate --backend cpu --case '" + CASE + "' --in-process");
  }

  @Test
  void reportsThatDifferAreCodeOneWithTheDifference() throws IOException {
    Path first = folder.resolve("first.json");
    Path second = folder.resolve("second.json");
    for (Path file : new Path[] {first, second}) {
      assertThat(Ran.command("validate", "--backend", "cpu", "--in-process", "--case", CASE, "--json", file).code()).isZero();
    }
    assertThat(Ran.command("validate", "--compare", first, second).code()).isZero();
    Files.writeString(second, Files.readString(second).replace("\"verdict\":\"pass\"", "\"verdict\":\"fail\",\"check\":\"guards\"")
        .replace("\"pass\" : 1", "\"pass\" : 0").replace("\"fail\" : 0", "\"fail\" : 1").replace("\"passed\" : true", "\"passed\" : false"));
    Ran ran = Ran.command("validate", "--compare", first, second);
    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.out()).contains(CASE + ": pass | fail (guards)").contains("DIFFERENT: 0 settings, 1 verdicts");
    Ran wrong = Ran.command("validate", "--compare", first, folder.resolve("absent.json"));
    assertThat(wrong.code()).isEqualTo(1);
    assertThat(wrong.err()).contains("absent.json: there is no such file").hasLineCount(1);
  }

  @Test
  void listPrintsLinesThatRunAgain() {
    Ran ran = Ran.command("validate", "--list", "--op", "rms_norm");
    assertThat(ran.code()).isZero();
    assertThat(ran.out().lines()).hasSizeGreaterThan(10).allMatch(line -> line.startsWith("rms_norm("));
    String line = ran.out().lines().skip(1).findFirst().orElseThrow();
    assertThat(Ran.command("validate", "--list", "--case", line).out().strip()).isEqualTo(line);
    assertThat(Ran.command("validate", "--list", "--op", "matmul", "--emulated").out()).isNotEqualTo(Ran.command("validate", "--list", "--op", "matmul").out());
  }

  @Test
  void verboseTellsEachCase() {
    Ran ran = Ran.command("validate", "--backend", "cpu", "--in-process", "--case", CASE, "--verbose");
    assertThat(ran.err()).startsWith("pass  " + CASE + "  ").hasLineCount(1);
  }

  @Test
  void theProgressLineTellsHowFarHowFastAndWhatFailed() {
    assertThat(ValidationProgress.line("matmul", 0, 40, 0, 0)).isEqualTo("[................] 0/40  matmul");
    assertThat(ValidationProgress.line("a_family_with_a_long_name", 20, 40, 3, 10))
        .isEqualTo("[########........] 20/40, 3 failed  a_family_with_a_lo  2/s, 10 s left");
    assertThat(ValidationProgress.line("rope", 50, 20_000, 0, 10)).isEqualTo("[................] 50/20000  rope  5/s, 66:30 left");
    assertThat(ValidationProgress.line("attention_programs", 19_999, 20_000, 10_000, 9_999).length()).isLessThan(80);
  }
}
