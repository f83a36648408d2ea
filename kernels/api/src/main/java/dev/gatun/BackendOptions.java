package dev.gatun;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Settings given to a backend when it is opened. Each backend lists its own names; a name that a backend does not know is an
 * error that lists the names it knows.
 *
 * @param values names and values, in order
 */
public record BackendOptions(Map<String, String> values) {
  /** Copies the map. */
  public BackendOptions {
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /** No settings. */
  public static BackendOptions none() {
    return new BackendOptions(Map.of());
  }

  /** These settings and one more. */
  public BackendOptions with(String name, Object value) {
    Map<String, String> more = new LinkedHashMap<>(values);
    more.put(name, String.valueOf(value));
    return new BackendOptions(more);
  }

  /** A setting's value, if given. */
  public Optional<String> get(String name) {
    return Optional.ofNullable(values.get(name));
  }

  /** A setting's value as a positive whole number, or {@code otherwise}. @throws GatunException if it is given and is none */
  public int positive(String name, int otherwise) {
    String value = values.get(name);
    if (value == null) {
      return otherwise;
    }
    try {
      int number = Integer.parseInt(value.strip());
      if (number > 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw new GatunException("backend option " + name + " must be a positive whole number, not '" + value + "'", e);
    }
    throw new GatunException("backend option " + name + " must be a positive whole number, not '" + value + "'");
  }
}
