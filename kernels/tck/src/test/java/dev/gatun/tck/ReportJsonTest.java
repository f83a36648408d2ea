package dev.gatun.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportJsonTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  static String text(Report report) {
    StringBuilder text = new StringBuilder();
    try {
      ReportJson.write(report, text);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return text.toString();
  }

  private static JsonNode schema() throws IOException {
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path file = at.resolve("docs/validation-report.schema.json");
      if (Files.exists(file)) {
        return JSON.readTree(file.toFile());
      }
    }
    throw new AssertionError("the schema is not above the working directory");
  }

  @Test
  void whatIsWrittenIsReadAgainWithNumbersThatJsonHasNoFormFor() throws IOException {
    for (Report report : List.of(Reports.everyKind(), Reports.of())) {
      assertThat(ReportJson.read(text(report))).isEqualTo(report);
      Path file = Files.writeString(folder.resolve("report.json"), text(report));
      assertThat(ReportJson.read(file)).isEqualTo(report);
    }
  }

  @Test
  void aFileWhoseNameEndsInGzIsCompressed() throws IOException {
    Path plain = folder.resolve("report.json");
    Path compressed = folder.resolve("report.json.gz");
    ReportJson.write(Reports.everyKind(), plain);
    ReportJson.write(Reports.everyKind(), compressed);
    assertThat(Files.readString(plain)).isEqualTo(text(Reports.everyKind()));
    assertThat(Files.size(compressed)).isLessThan(Files.size(plain));
    assertThat(ReportJson.read(compressed)).isEqualTo(Reports.everyKind());
    Files.copy(plain, folder.resolve("named-so.gz"));
    assertThatThrownBy(() -> ReportJson.read(folder.resolve("named-so.gz"))).isInstanceOf(ReportException.class)
        .hasMessageContaining("named-so.gz: the report can't be read");
  }

  @Test
  void aReportSatisfiesTheSchema() throws IOException {
    assertThat(SchemaCheck.errors(schema(), JSON.readTree(text(Reports.everyKind())))).isEmpty();
    Report real = Validation.of("troubled").withFamilies(List.of("rms_norm")).withScale(Scale.EMULATED).withInProcess(true).run(_ -> {});
    assertThat(SchemaCheck.errors(schema(), JSON.readTree(text(real)))).isEmpty();
  }

  @Test
  void theSchemaRefusesWhatNoReportHas() throws IOException {
    JsonNode schema = schema();
    for (Map.Entry<String, String> wrong : Map.of("/schema", "2", "/run/level", "\"slow\"", "/cases/0/verdict", "\"maybe\"", "/summary/pass", "-1",
        "/subject/units", "1.5", "/cases/0/measures/0/error", "\"much\"", "/cases/0/case", "\"matmul\"", "/times", "[]", "/run/more", "1").entrySet()) {
      JsonNode report = JSON.readTree(text(Reports.everyKind()));
      int cut = wrong.getKey().lastIndexOf('/');
      ((ObjectNode) report.at(wrong.getKey().substring(0, cut))).set(wrong.getKey().substring(cut + 1), JSON.readTree(wrong.getValue()));
      assertThat(SchemaCheck.errors(schema, report)).as(wrong.getKey()).isNotEmpty();
    }
    JsonNode report = JSON.readTree(text(Reports.everyKind()));
    ((ObjectNode) report.at("/cases/0")).remove("column");
    assertThat(SchemaCheck.errors(schema, report)).containsExactly("/cases/0: column is missing");
  }

  @Test
  void aWrongFileIsNamedWithThePlaceAndWhatIsWrong() throws IOException {
    String good = text(Reports.everyKind());
    Path absent = folder.resolve("absent.json");
    assertThatThrownBy(() -> ReportJson.read(absent)).isInstanceOf(ReportException.class).hasMessage(absent + ": there is no such file");
    assertThatThrownBy(() -> ReportJson.read(folder)).isInstanceOf(ReportException.class).hasMessageContaining(folder + ": the report can't be read");
    for (Map.Entry<String, String> wrong : Map.of("", "is no JSON object", "[]", "is no JSON object", "{}", "\"schema\" is missing", "{\"schema\": 1", "line 1: no JSON",
        "{\"schema\": 2}", "version 2", "{\"schema\": \"1\"}", "must be a whole number", good + "{}", "something follows").entrySet()) {
      refused(wrong.getKey(), wrong.getValue());
    }
    for (List<String> change : List.of(List.of("\"level\" : \"quick\"", "\"level\" : \"slow\"", "run: \"level\" is \"slow\"; it must be one of quick"),
        List.of("\"seed\" : -5", "\"seed\" : 1e99", "run: \"seed\" is 1.0E99"), List.of("\"units\" : 7", "\"units\" : 7777777777", "too large"),
        List.of("\"units\" : 7,", "", "subject: \"units\" is missing"), List.of("\"pass\" : 1", "\"pass\" : 2", "summary: \"pass\" is 2, but 1 cases say so"),
        List.of("\"passed\" : false", "\"passed\" : true", "summary: \"passed\" is true"), List.of("rope(rows=5)", "rope(rows", "cases[1]: "),
        List.of("\"NaN\"", "\"nan\"", "cases[1], measures[0]: \"error\" is nan"), List.of("\"f16\"", "1", "cases[1]: \"column\" is 1"),
        List.of("\"suite\"", "\"level\":\"full\",\"suite\"", "Duplicate"))) {
      assertThat(good).contains(change.get(0));
      refused(good.replaceFirst(java.util.regex.Pattern.quote(change.get(0)), change.get(1)), change.get(2));
    }
  }

  private void refused(String text, String words) throws IOException {
    Path file = Files.writeString(folder.resolve("wrong.json"), text);
    assertThatThrownBy(() -> ReportJson.read(file)).as(words).isInstanceOf(ReportException.class).hasMessageStartingWith(file.toString()).hasMessageContaining(words);
  }
}
