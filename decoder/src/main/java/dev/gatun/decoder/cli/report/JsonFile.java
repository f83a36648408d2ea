package dev.gatun.decoder.cli.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.gatun.GatunException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads a file that holds one JSON value or several, one a line. */
final class JsonFile {
  private final Path file;
  private final JsonParser in;

  private JsonFile(Path file, JsonParser in) {
    this.file = file;
    this.in = in;
  }

  /** The objects of the file, whether one by one or within an array; none where it is empty. */
  static List<Fields> objects(Path file) {
    if (Files.isDirectory(file)) {
      throw new GatunException(file + ": is a folder; name the files in it, or read a whole folder with --results");
    }
    if (!Files.isReadable(file)) {
      throw new GatunException(file + ": " + (Files.exists(file) ? "can't be read" : "no such file"));
    }
    try (JsonParser in = new JsonFactory().createParser(file.toFile())) {
      return new JsonFile(file, in).all();
    } catch (JsonProcessingException e) {
      throw new GatunException(file + ": is not JSON, at line " + (e.getLocation() == null ? "?" : e.getLocation().getLineNr()) + ": " + e.getOriginalMessage());
    } catch (IOException e) {
      throw new GatunException(file + ": can't be read: " + e.getMessage());
    }
  }

  private List<Fields> all() throws IOException {
    List<Fields> all = new ArrayList<>();
    for (JsonToken token = in.nextToken(); token != null; token = in.nextToken()) {
      Object value = value(token);
      List<?> items = value instanceof List<?> list ? list : List.of(value);
      for (Object item : items) {
        if (!(item instanceof Map<?, ?>)) {
          throw new GatunException(file + ": holds JSON, but no objects, and so no results; " + ResultFiles.WANTED);
        }
        all.add(Fields.of(item));
      }
    }
    return all;
  }

  private Object value(JsonToken token) throws IOException {
    return switch (token) {
      case START_OBJECT -> {
        Map<String, Object> fields = new LinkedHashMap<>();
        while (in.nextToken() == JsonToken.FIELD_NAME) {
          String name = in.currentName();
          Object value = value(in.nextToken());
          if (value != NOTHING) {
            fields.put(name, value);
          }
        }
        yield fields;
      }
      case START_ARRAY -> {
        List<Object> items = new ArrayList<>();
        for (JsonToken next = in.nextToken(); next != JsonToken.END_ARRAY; next = in.nextToken()) {
          items.add(value(next));
        }
        yield items;
      }
      case VALUE_STRING -> in.getText();
      case VALUE_NUMBER_INT -> in.getNumberType() == JsonParser.NumberType.BIG_INTEGER ? (Object) in.getDoubleValue() : in.getLongValue();
      case VALUE_NUMBER_FLOAT -> in.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> NOTHING;
    };
  }

  private static final Object NOTHING = new Object();
}
