package dev.gatun.tck;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;

/** One case's result in JSON, as reports hold it and workers send it. */
final class CaseJson {
  private CaseJson() {}

  /** Writes an object; a check, a message and measures only where there are any. */
  static void write(JsonGenerator json, CaseResult result) throws IOException {
    json.writeStartObject();
    json.writeStringField("case", result.test().line());
    json.writeStringField("column", result.column());
    json.writeStringField("verdict", result.verdict().label());
    if (!result.check().isEmpty()) {
      json.writeStringField("check", result.check());
    }
    if (!result.message().isEmpty()) {
      json.writeStringField("message", result.message());
    }
    if (!result.measures().isEmpty()) {
      json.writeArrayFieldStart("measures");
      for (Measure measure : result.measures()) {
        json.writeStartObject();
        json.writeStringField("output", measure.output());
        number(json, "error", measure.error());
        number(json, "bound", measure.bound());
        json.writeStringField("reason", measure.reason());
        json.writeEndObject();
      }
      json.writeEndArray();
    }
    json.writeNumberField("nanos", result.nanos());
    json.writeEndObject();
  }

  static CaseResult read(JsonFields json) {
    List<Measure> measures = json.has("measures") ? json.objects("measures").stream()
        .map(m -> new Measure(m.text("output"), m.real("error"), m.real("bound"), m.text("reason"))).toList() : List.of();
    return new CaseResult(test(json), json.text("column"), json.constant("verdict", Verdict.class), json.optionalText("check").orElse(""),
        json.optionalText("message").orElse(""), measures, json.whole("nanos"));
  }

  private static TestCase test(JsonFields json) {
    try {
      return TestCase.parse(json.text("case"));
    } catch (CaseException e) {
      throw new ReportException(json.where() + ": " + e.getMessage(), e);
    }
  }

  /** JSON has no NaN and no infinities, and an error of NaN must not be lost. */
  static void number(JsonGenerator json, String name, double value) throws IOException {
    if (Double.isFinite(value)) {
      json.writeNumberField(name, value);
    } else {
      json.writeStringField(name, String.valueOf(value));
    }
  }
}
