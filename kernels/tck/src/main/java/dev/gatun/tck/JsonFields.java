package dev.gatun.tck;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A JSON object as it is read, whose readers check presence and type and say in their errors where they looked. A number that JSON has no form for stands as one of
 * the strings {@code NaN}, {@code Infinity} and {@code -Infinity}.
 */
final class JsonFields {
  private static final Object NULL = new Object();

  private final String where;
  private final Map<String, Object> fields;

  private JsonFields(String where, Map<String, Object> fields) {
    this.where = where;
    this.fields = fields;
  }

  /**
   * Reads a document that is one object.
   *
   * @param what what errors call the document
   */
  static JsonFields read(String what, JsonParser parser) throws IOException {
    try (parser) {
      Object value = parser.nextToken() == null ? NULL : value(parser);
      JsonFields document = object(what, value);
      if (parser.nextToken() != null) {
        throw new ReportException(what + ": something follows the JSON object");
      }
      return document;
    } catch (JsonParseException | StreamConstraintsException e) {
      throw new ReportException(what + ", line " + (e.getLocation() == null ? "?" : e.getLocation().getLineNr()) + ": no JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static Object value(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        Map<String, Object> fields = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          parser.nextToken();
          fields.put(name, value(parser));
        }
        yield fields;
      }
      case START_ARRAY -> {
        List<Object> items = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          items.add(value(parser));
        }
        yield items;
      }
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> NULL;
    };
  }

  @SuppressWarnings("unchecked")
  private static JsonFields object(String where, Object value) {
    if (value instanceof Map<?, ?> fields) {
      return new JsonFields(where, (Map<String, Object>) fields);
    }
    throw new ReportException(where + " is no JSON object");
  }

  /** Where this object lies, for errors. */
  String where() {
    return where;
  }

  boolean has(String name) {
    return fields.getOrDefault(name, NULL) != NULL;
  }

  private <T> T get(String name, Class<T> type, String expected) {
    Object value = fields.getOrDefault(name, NULL);
    if (type.isInstance(value)) {
      return type.cast(value);
    }
    throw new ReportException(where + ": \"" + name + "\" " + (value == NULL ? "is missing" : "is " + value) + "; it must be " + expected);
  }

  String text(String name) {
    return get(name, String.class, "a string");
  }

  /** A string, or nothing where it is absent or null. */
  Optional<String> optionalText(String name) {
    return has(name) ? Optional.of(text(name)) : Optional.empty();
  }

  boolean flag(String name) {
    return get(name, Boolean.class, "true or false");
  }

  long whole(String name) {
    Number number = get(name, Number.class, "a whole number");
    if (number instanceof Long || number instanceof Integer) {
      return number.longValue();
    }
    throw new ReportException(where + ": \"" + name + "\" is " + number + "; it must be a whole number");
  }

  int small(String name) {
    long number = whole(name);
    if (number != (int) number) {
      throw new ReportException(where + ": \"" + name + "\" is " + number + ", which is too large");
    }
    return (int) number;
  }

  double real(String name) {
    Object value = fields.get(name);
    if (value instanceof String text && (text.equals("NaN") || text.equals("Infinity") || text.equals("-Infinity"))) {
      return Double.parseDouble(text);
    }
    return get(name, Number.class, "a number, \"NaN\", \"Infinity\" or \"-Infinity\"").doubleValue();
  }

  <E extends Enum<E>> E constant(String name, Class<E> type) {
    String text = text(name);
    for (E constant : type.getEnumConstants()) {
      if (constant.name().toLowerCase(Locale.ROOT).equals(text)) {
        return constant;
      }
    }
    throw new ReportException(where + ": \"" + name + "\" is \"" + text + "\"; it must be one of "
        + String.join(", ", java.util.Arrays.stream(type.getEnumConstants()).map(c -> c.name().toLowerCase(Locale.ROOT)).toList()));
  }

  JsonFields object(String name) {
    return object(where + ", " + name, get(name, Map.class, "an object"));
  }

  Map<String, String> texts(String name) {
    JsonFields object = object(name);
    Map<String, String> texts = new LinkedHashMap<>();
    object.fields.keySet().forEach(key -> texts.put(key, object.text(key)));
    return texts;
  }

  List<String> textList(String name) {
    List<?> items = get(name, List.class, "an array");
    return items.stream().map(item -> {
      if (item instanceof String text) {
        return text;
      }
      throw new ReportException(where + ": \"" + name + "\" must hold strings only");
    }).toList();
  }

  List<JsonFields> objects(String name) {
    List<?> items = get(name, List.class, "an array");
    return IntStream.range(0, items.size()).mapToObj(i -> object(where + ", " + name + "[" + i + "]", items.get(i))).toList();
  }
}
