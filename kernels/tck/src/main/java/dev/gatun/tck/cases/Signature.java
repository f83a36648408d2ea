package dev.gatun.tck.cases;

import dev.gatun.tck.CaseException;
import dev.gatun.tck.TestCase;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The names that a family's cases may give values to, in their order, each with the default that a line leaves out. */
public final class Signature {
  private final String family;
  private final Map<String, String> defaults = new LinkedHashMap<>();

  /** Of a family that has no names yet. */
  public Signature(String family) {
    this.family = family;
  }

  /** One more name. */
  public Signature with(String name, Object otherwise) {
    defaults.put(name, text(otherwise));
    return this;
  }

  /** The family's name. */
  public String family() {
    return family;
  }

  /** The case of these names and values in turn, in the one form that its line has. */
  public TestCase of(Object... namesAndValues) {
    Map<String, String> given = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      given.put((String) namesAndValues[i], text(namesAndValues[i + 1]));
    }
    return canonical(given);
  }

  /** The case that {@code like} names, in the one form that its line has. @throws CaseException for a name that this family does not have */
  public TestCase canonical(TestCase like) {
    return canonical(like.values());
  }

  private TestCase canonical(Map<String, String> given) {
    for (String name : given.keySet()) {
      if (!defaults.containsKey(name)) {
        throw new CaseException(family + " has no " + name + "; it has " + String.join(", ", defaults.keySet()));
      }
    }
    Map<String, String> values = new LinkedHashMap<>();
    defaults.forEach((name, otherwise) -> {
      String value = given.getOrDefault(name, otherwise);
      if (!value.equals(otherwise)) {
        values.put(name, value);
      }
    });
    return new TestCase(family, values);
  }

  /** The values of a case, defaults included. */
  public Values values(TestCase test, long seed) {
    Map<String, String> all = new LinkedHashMap<>(defaults);
    all.putAll(canonical(test).values());
    return new Values(canonical(test), all, seed);
  }

  private static String text(Object value) {
    return switch (value) {
      case Boolean flag -> flag ? "yes" : "no";
      case Enum<?> constant -> constant.name().toLowerCase(Locale.ROOT);
      case int[] list -> list(list);
      default -> value.toString();
    };
  }

  private static String list(int[] values) {
    StringBuilder text = new StringBuilder();
    for (int value : values) {
      text.append(text.isEmpty() ? "" : "+").append(value);
    }
    return text.toString();
  }
}
