package dev.gatun.decoder.cli.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An object of a JSON document. What is missing or of another kind counts as absent, as files come from several tools.
 *
 * @param values maps, lists, strings, numbers, booleans
 */
record Fields(Map<String, Object> values) {
  @SuppressWarnings("unchecked")
  static Fields of(Object value) {
    return new Fields(value instanceof Map<?, ?> map ? (Map<String, Object>) map : Map.of());
  }

  boolean has(String name) {
    return values.get(name) != null;
  }

  /** A text, or a number as text; empty where there is neither. */
  String text(String name) {
    return values.get(name) instanceof Object value && isScalar(value) ? shown(value) : "";
  }

  /** The first of these fields that has a text. */
  String first(String... names) {
    for (String name : names) {
      if (!text(name).isBlank()) {
        return text(name);
      }
    }
    return "";
  }

  double number(String name) {
    return number(values.get(name));
  }

  Fields object(String name) {
    return of(values.get(name));
  }

  List<?> list(String name) {
    return values.get(name) instanceof List<?> list ? list : List.of();
  }

  double[] numbers(String name) {
    return list(name).stream().mapToDouble(Fields::number).filter(Double::isFinite).toArray();
  }

  /** Scalars here and in objects within, whose names are joined by spaces. */
  Map<String, String> flat() {
    Map<String, String> all = new LinkedHashMap<>();
    flatten("", all);
    return all;
  }

  private void flatten(String prefix, Map<String, String> all) {
    values.forEach((name, value) -> {
      String full = prefix.isEmpty() ? name : prefix + " " + name;
      if (value instanceof Map<?, ?>) {
        of(value).flatten(full, all);
      } else if (value instanceof List<?> list) {
        if (!list.isEmpty() && list.stream().allMatch(Fields::isScalar)) {
          all.put(full, String.join(" ", list.stream().map(Fields::shown).toList()));
        }
      } else if (value != null) {
        all.put(full, shown(value));
      }
    });
  }

  private static boolean isScalar(Object value) {
    return value instanceof String || value instanceof Number || value instanceof Boolean;
  }

  private static String shown(Object value) {
    return value instanceof Double number ? Shown.exact(number) : String.valueOf(value);
  }

  static double number(Object value) {
    return value instanceof Number number ? number.doubleValue() : Double.NaN;
  }
}
