package dev.gatun.tck;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.Map;

/** What was examined in JSON, as reports hold it and workers send it. */
final class SubjectJson {
  private SubjectJson() {}

  static void write(JsonGenerator json, Report.Subject subject) throws IOException {
    json.writeStartObject();
    json.writeStringField("backend", subject.backend());
    json.writeStringField("description", subject.description());
    texts(json, "options", subject.options());
    json.writeStringField("device", subject.device());
    json.writeStringField("kind", subject.kind());
    json.writeNumberField("memory_bytes", subject.memoryBytes());
    json.writeNumberField("units", subject.units());
    json.writeBooleanField("host_memory", subject.hostMemory());
    texts(json, "facts", subject.facts());
    json.writeEndObject();
  }

  static Report.Subject read(JsonFields json) {
    return new Report.Subject(json.text("backend"), json.text("description"), json.texts("options"), json.text("device"), json.text("kind"),
        json.whole("memory_bytes"), json.small("units"), json.flag("host_memory"), json.texts("facts"));
  }

  static void texts(JsonGenerator json, String name, Map<String, String> texts) throws IOException {
    json.writeObjectFieldStart(name);
    for (Map.Entry<String, String> text : texts.entrySet()) {
      json.writeStringField(text.getKey(), text.getValue());
    }
    json.writeEndObject();
  }
}
