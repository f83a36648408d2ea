package dev.gatun.decoder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportCommandTest {
  private static final String RATE = "[{\"avg_ts\":2.0,\"samples_ts\":[1.0,2.0,3.0],\"model_filename\":\"m.gguf\",\"backends\":\"CPU\",\"n_prompt\":8,\"n_gen\":0}]";

  @TempDir Path folder;

  @Test
  void pageAndTablesAreWritten() throws IOException {
    Path results = Files.writeString(folder.resolve("r.json"), RATE);
    Ran ran = Ran.command("report", results, "--base", results, "--html", folder.resolve("page.html"));
    assertThat(ran.err()).isEmpty();
    assertThat(ran.code()).isZero();
    assertThat(ran.out().strip()).isEqualTo(folder.resolve("page.html") + ": 0 slower, 0 faster, of 1 compared");
    assertThat(folder.resolve("page.html")).content().startsWith("<!DOCTYPE html>").contains("m · pp8");
    assertThat(folder.resolve("page.md")).content().contains("| m pp8, llama.cpp cpu | tokens/s | 2.00 (1.00 to 3.00) | 2.00 (1.00 to 3.00) | +0.0 % | 1.0000 | too few samples |");
  }

  @Test
  void aRunsFolderGetsItsTableAndAPageWhereOneIsAskedFor() throws IOException {
    Files.writeString(folder.resolve("bench.out"), RATE);
    assertThat(Ran.command("report", "--results", folder).code()).isZero();
    assertThat(folder.resolve("report.md")).content().startsWith("# What was measured");
    assertThat(folder.resolve("report.html")).doesNotExist();
    assertThat(Ran.command("report", "--results", folder, "--html", folder.resolve("report.html")).code()).isZero();
    assertThat(folder.resolve("report.md")).content().startsWith("# What was measured");
    assertThat(folder.resolve("report.html")).content().contains("m · pp8");
  }

  @Test
  void badFilesAreNamedWithWhatIsWrong() throws IOException {
    Path good = Files.writeString(folder.resolve("good.json"), RATE);
    for (Map.Entry<String, String> bad : Map.of("", "is empty; wanted are results", "[]", "is empty; wanted are results", "[1, 2]", "holds JSON, but no objects",
        "{\"a\":1,\"b\":{}}", "a shape that is not known, with the fields a, b", "not json", "is not JSON, at line 1", "[{\"benchmark\":\"x\"", "is not JSON, at line 1",
        "{}", "an object without fields", "{\"schema\":1,\"results\":[]}", "report of the validation suite").entrySet()) {
      Path file = Files.writeString(folder.resolve("bad.json"), bad.getKey());
      for (Ran ran : new Ran[] {Ran.command("report", good, file, "--html", folder.resolve("x.html")),
          Ran.command("report", good, "--base", file, "--html", folder.resolve("x.html"))}) {
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err().strip()).startsWith("gatun: " + file + ": ").contains(bad.getValue()).hasLineCount(1).doesNotContain("internal error");
      }
      assertThat(folder.resolve("x.html")).doesNotExist();
    }
    assertThat(Ran.command("report", folder.resolve("nothing.json")).err()).contains("nothing.json: no such file");
    assertThat(Ran.command("report", folder).err()).contains("is a folder", "--results");
    assertThat(Ran.command("report", good, "--html", folder.resolve("no/such/page.html")).err()).contains("page.html: can't be written");
  }

  @Test
  void oddValuesInKnownShapesAreNoCrash() throws IOException {
    for (String odd : new String[] {"[{\"benchmark\":\"x\",\"primaryMetric\":3,\"params\":null}]", "[{\"benchmark\":{},\"primaryMetric\":{\"rawData\":[1,[\"NaN\",null]]}}]",
        "{\"kernel\":\"a\",\"status\":\"measured\",\"time_us\":0}", "{\"kernel\":[],\"status\":true,\"case\":{}}", "{\"kernel\":\"ceiling\",\"status\":\"measured\"}",
        "{\"kernel\":\"a\",\"status\":\"measured\",\"time_us\":1e-300,\"bytes\":1e300,\"flops\":9999999999999999999999}",
        "[{\"avg_ts\":\"fast\",\"samples_ts\":{}},{\"avg_ts\":-1,\"samples_ts\":[0,0]}]", "[{\"samples_ts\":[1],\"n_threads\":\"many\"}]"}) {
      Path file = Files.writeString(folder.resolve("odd.json"), odd);
      Ran ran = Ran.command("report", file, "--base", file, "--html", folder.resolve("x.html"));
      assertThat(ran.err()).as(odd).isEmpty();
      assertThat(ran.code()).isZero();
    }
  }

  @Test
  void nothingOrBothIsWrongUsage() throws IOException {
    assertThat(Ran.command("report").err()).contains("name the files with results");
    assertThat(Ran.command("report").code()).isEqualTo(2);
    assertThat(Ran.command("report", "--results", folder, "x.json").code()).isEqualTo(2);
  }
}
