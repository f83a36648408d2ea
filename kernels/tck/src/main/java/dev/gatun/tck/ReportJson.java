package dev.gatun.tck;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * Reports as JSON, in the form that {@code docs/validation-report.schema.json} describes. Two runs of the same command on the same machine give the same text but for
 * {@code times} and each case's {@code nanos}. A number that JSON has no form for is written as one of the strings {@code "NaN"}, {@code "Infinity"} and
 * {@code "-Infinity"}.
 */
public final class ReportJson {
  static final JsonFactory JSON = JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private ReportJson() {}

  /** Writes a report with a line for each case; {@code out} stays open. @throws IOException if {@code out} throws it */
  public static void write(Report report, Appendable out) throws IOException {
    try (JsonGenerator json = JSON.createGenerator(new AppendingWriter(out))) {
      DefaultPrettyPrinter lines = new DefaultPrettyPrinter();
      lines.indentArraysWith(new DefaultIndenter("  ", "\n"));
      lines.indentObjectsWith(new DefaultIndenter("  ", "\n"));
      json.setPrettyPrinter(lines);
      json.writeStartObject();
      json.writeNumberField("schema", Report.SCHEMA);
      json.writeFieldName("subject");
      SubjectJson.write(json, report.subject());
      run(json, report.run());
      json.writeObjectFieldStart("times");
      json.writeStringField("started", report.times().started());
      CaseJson.number(json, "seconds", report.times().seconds());
      json.writeEndObject();
      summary(json, report);
      json.writeArrayFieldStart("cases");
      for (CaseResult result : report.results()) {
        json.writeRawValue(compact(result));
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    out.append('\n');
  }

  /** Writes a report to a file, compressed where its name ends in {@code .gz}. @throws IOException if it can't be written */
  public static void write(Report report, Path file) throws IOException {
    try (Writer out = new BufferedWriter(new OutputStreamWriter(isCompressed(file) ? new GZIPOutputStream(Files.newOutputStream(file))
        : Files.newOutputStream(file), StandardCharsets.UTF_8))) {
      write(report, out);
    }
  }

  private static boolean isCompressed(Path file) {
    return file.toString().endsWith(".gz");
  }

  private static String compact(CaseResult result) throws IOException {
    java.io.StringWriter line = new java.io.StringWriter();
    try (JsonGenerator json = JSON.createGenerator(line)) {
      CaseJson.write(json, result);
    }
    return line.toString();
  }

  private static void run(JsonGenerator json, Report.Run run) throws IOException {
    json.writeObjectFieldStart("run");
    json.writeStringField("suite", run.suite());
    json.writeStringField("commit", run.commit().orElse(null));
    json.writeStringField("level", lower(run.level()));
    json.writeStringField("scale", lower(run.scale()));
    json.writeNumberField("seed", run.seed());
    texts(json, "shapes", run.shapes());
    texts(json, "only", run.only());
    json.writeStringField("command", run.command());
    json.writeStringField("java", run.java());
    json.writeStringField("system", run.system());
    json.writeEndObject();
  }

  private static void summary(JsonGenerator json, Report report) throws IOException {
    json.writeObjectFieldStart("summary");
    json.writeBooleanField("passed", report.passed());
    for (Map.Entry<Verdict, Integer> count : report.counts().entrySet()) {
      json.writeNumberField(count.getKey().label(), count.getValue());
    }
    json.writeEndObject();
  }

  private static void texts(JsonGenerator json, String name, List<String> texts) throws IOException {
    json.writeArrayFieldStart(name);
    for (String text : texts) {
      json.writeString(text);
    }
    json.writeEndArray();
  }

  private static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /**
   * Reads a report, compressed where its name ends in {@code .gz}.
   *
   * @throws ReportException naming the file, the place in it and what is wrong there
   */
  public static Report read(Path file) {
    try (InputStream bytes = Files.newInputStream(file); InputStream in = isCompressed(file) ? new GZIPInputStream(bytes) : bytes) {
      return report(JsonFields.read(file.toString(), JSON.createParser(in)), file.toString());
    } catch (NoSuchFileException | java.io.FileNotFoundException e) {
      throw new ReportException(file + (Files.exists(file) ? ": the report can't be read" : ": there is no such file"), e);
    } catch (IOException e) {
      throw new ReportException(file + ": the report can't be read: " + e.getMessage(), e);
    }
  }

  /** Reads a report from its text. @throws ReportException naming the place and what is wrong there */
  public static Report read(String text) {
    try {
      return report(JsonFields.read("the report", JSON.createParser(text)), "the report");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Report report(JsonFields json, String what) {
    if (!json.has("schema")) {
      throw new ReportException(what + " is no validation report: \"schema\" is missing");
    }
    if (json.whole("schema") != Report.SCHEMA) {
      throw new ReportException(what + " has version " + json.whole("schema") + " of the schema, and this suite reads version " + Report.SCHEMA
          + "; use the suite that wrote it, or a newer one");
    }
    JsonFields run = json.object("run");
    JsonFields times = json.object("times");
    Report report = new Report(SubjectJson.read(json.object("subject")),
        new Report.Run(run.text("suite"), run.optionalText("commit"), run.constant("level", Level.class), run.constant("scale", Scale.class),
            run.whole("seed"), run.textList("shapes"), run.textList("only"), run.text("command"), run.text("java"), run.text("system")),
        new Report.Times(times.text("started"), times.real("seconds")), json.objects("cases").stream().map(CaseJson::read).toList());
    JsonFields summary = json.object("summary");
    report.counts().forEach((verdict, count) -> {
      if (summary.whole(verdict.label()) != count) {
        throw new ReportException(summary.where() + ": \"" + verdict.label() + "\" is " + summary.whole(verdict.label()) + ", but " + count
            + " cases say so");
      }
    });
    if (summary.flag("passed") != report.passed()) {
      throw new ReportException(summary.where() + ": \"passed\" is " + summary.flag("passed") + ", but the cases say otherwise");
    }
    return report;
  }
}
