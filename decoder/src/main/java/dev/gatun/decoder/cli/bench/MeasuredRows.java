package dev.gatun.decoder.cli.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * Rows of figures as the measuring commands wrote them: flat JSON objects, one a line or in an array.
 *
 * @param rows the fields of each, in the order they were written
 */
public record MeasuredRows(List<Map<String, Object>> rows) {
  private static final String ENDING = ".out";

  /** Every row in the files {@code *.out} of a folder, file by file. What follows a row that breaks off is left out. */
  public static MeasuredRows in(Path folder) throws IOException {
    List<Map<String, Object>> rows = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(path -> path.toString().endsWith(ENDING)).sorted().toList()) {
        read(Files.readString(file), rows);
      }
    }
    return new MeasuredRows(rows);
  }

  static MeasuredRows of(String text) {
    List<Map<String, Object>> rows = new ArrayList<>();
    try {
      read(text, rows);
    } catch (IOException e) {
      throw new IllegalArgumentException(e);
    }
    return new MeasuredRows(rows);
  }

  private static void read(String text, List<Map<String, Object>> rows) throws IOException {
    try (JsonParser in = new JsonFactory().createParser(text)) {
      for (JsonToken token = in.nextToken(); token != null; token = in.nextToken()) {
        if (token == JsonToken.START_OBJECT) {
          rows.add(object(in));
        }
      }
    } catch (JsonProcessingException _) {
      // A part that was killed leaves a row unfinished, and other parts write no JSON at all.
    }
  }

  private static Map<String, Object> object(JsonParser in) throws IOException {
    Map<String, Object> fields = new LinkedHashMap<>();
    while (in.nextToken() == JsonToken.FIELD_NAME) {
      String name = in.currentName();
      switch (in.nextToken()) {
        case VALUE_STRING -> fields.put(name, in.getText());
        case VALUE_NUMBER_INT -> fields.put(name, in.getLongValue());
        case VALUE_NUMBER_FLOAT -> fields.put(name, in.getDoubleValue());
        case VALUE_TRUE, VALUE_FALSE -> fields.put(name, in.getBooleanValue());
        default -> in.skipChildren();
      }
    }
    return fields;
  }

  /** Rows with these fields, given in turn as name and value. */
  List<Map<String, Object>> with(Object... fields) {
    return rows.stream().filter(row -> {
      for (int i = 0; i < fields.length; i += 2) {
        if (!fields[i + 1].equals(row.get((String) fields[i]))) {
          return false;
        }
      }
      return true;
    }).toList();
  }

  /** The number in a field. */
  static OptionalDouble number(Map<String, Object> row, String name) {
    return row.get(name) instanceof Number value ? OptionalDouble.of(value.doubleValue()) : OptionalDouble.empty();
  }

  /** The row of a kernel's case: of several from one source, as of several libraries, the fastest. */
  Optional<Map<String, Object>> measured(String source, String kernel, String name) {
    return with("source", source, "kernel", kernel, "case", name, "status", KernelRow.MEASURED).stream()
        .min((a, b) -> Double.compare(number(a, "time_us").orElse(Double.MAX_VALUE), number(b, "time_us").orElse(Double.MAX_VALUE)));
  }

  /** The largest value of a field among the rows of a source; 0 where there is none. */
  double most(String field, Object... fields) {
    return with(fields).stream().mapToDouble(row -> number(row, field).orElse(0)).max().orElse(0);
  }
}
