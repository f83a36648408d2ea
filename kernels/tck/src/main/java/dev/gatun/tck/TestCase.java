package dev.gatun.tck;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * One case of the suite under its stable name: everything that decides what is run, in one line, such as {@code matmul(n=64, k=256, w=q4_0)}. What a line leaves
 * out has the default of its family.
 *
 * @param family the family of cases, for an operator its name
 * @param values names and values in the family's order; a value has letters, digits and {@code . _ + / : -} only
 */
public record TestCase(String family, Map<String, String> values) implements Comparable<TestCase> {
  private static final Pattern LINE = Pattern.compile("\\s*([a-z][a-z0-9_]*)\\s*\\(\\s*(.*?)\\s*\\)\\s*");
  private static final Pattern VALUE = Pattern.compile("([a-z][a-z0-9_]*)\\s*=\\s*([A-Za-z0-9_.+/:-]+)");

  /** Copies the map in its order. */
  public TestCase {
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /** The name. */
  public String line() {
    return values.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).collect(Collectors.joining(", ", family + "(", ")"));
  }

  /**
   * Reads a name; {@link Suite#find} says whether the suite knows what it names.
   *
   * @throws CaseException if the line does not have the form of one
   */
  public static TestCase parse(String line) {
    Matcher whole = LINE.matcher(line);
    if (!whole.matches()) {
      throw new CaseException("'" + line + "' is no case: a case is written as matmul(n=64, k=256, w=q4_0)");
    }
    Map<String, String> values = new LinkedHashMap<>();
    if (!whole.group(2).isEmpty()) {
      for (String part : whole.group(2).split("\\s*,\\s*", -1)) {
        Matcher value = VALUE.matcher(part);
        if (!value.matches()) {
          throw new CaseException("'" + line + "': '" + part + "' is no name=value");
        }
        if (values.put(value.group(1), value.group(2)) != null) {
          throw new CaseException("'" + line + "' gives " + value.group(1) + " twice");
        }
      }
    }
    return new TestCase(whole.group(1), values);
  }

  @Override
  public int compareTo(TestCase other) {
    return line().compareTo(other.line());
  }

  @Override
  public String toString() {
    return line();
  }
}
