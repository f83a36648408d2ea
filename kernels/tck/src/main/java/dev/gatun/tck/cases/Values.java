package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.tck.CaseException;
import dev.gatun.tck.TestCase;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.zip.CRC32C;

/** What a case says, defaults included. Every reader names the case in its error. */
public final class Values {
  /** Stands for no count, no limit and the like. */
  static final String NONE = "none";

  /** No size of any case needs more; a line typed by hand must not ask for all memory. */
  private static final int MOST = 1 << 27;

  /** 2^64 over the golden ratio: odd, so that no two seeds of the suite become one, and neighbours lie far apart. */
  private static final long SPREAD = 0x9E3779B97F4A7C15L;

  private final TestCase test;
  private final Map<String, String> values;
  private final long seed;

  Values(TestCase test, Map<String, String> values, long seed) {
    this.test = test;
    this.values = values;
    this.seed = seed;
  }

  /** The case. */
  public TestCase test() {
    return test;
  }

  /** A value as it is written. */
  public String text(String name) {
    return values.get(name);
  }

  /** A size, 0 or more. */
  public int size(String name) {
    int value = integer(name);
    if (value < 0 || value > MOST) {
      throw wrong(name, "a size from 0 to " + MOST);
    }
    return value;
  }

  /** A whole number. */
  public int integer(String name) {
    return read(name, "a whole number", Integer::parseInt);
  }

  /** A whole number, if it is not {@code none}. */
  public OptionalInt optional(String name) {
    return text(name).equals(NONE) ? OptionalInt.empty() : OptionalInt.of(integer(name));
  }

  /** A number. */
  public float number(String name) {
    return read(name, "a number", Float::parseFloat);
  }

  /** A number in float64. */
  double real(String name) {
    return read(name, "a number", Double::parseDouble);
  }

  /** {@code yes} or {@code no}. */
  public boolean on(String name) {
    return switch (text(name)) {
      case "yes" -> true;
      case "no" -> false;
      default -> throw wrong(name, "yes or no");
    };
  }

  /** A dtype by its label. */
  public DType dtype(String name) {
    return DType.of(text(name)).orElseThrow(() -> wrong(name, "a dtype"));
  }

  /** One of a type's constants, in lower case. */
  public <E extends Enum<E>> E choice(String name, Class<E> type) {
    List<String> names = Arrays.stream(type.getEnumConstants()).map(e -> e.name().toLowerCase(Locale.ROOT)).toList();
    int index = names.indexOf(text(name));
    if (index < 0) {
      throw wrong(name, "one of " + String.join(", ", names));
    }
    return type.getEnumConstants()[index];
  }

  /** Whole numbers with {@code +} between them. */
  public int[] list(String name) {
    return read(name, "sizes such as 3+1+7", text -> Arrays.stream(text.split("\\+", -1)).mapToInt(Integer::parseInt).toArray());
  }

  /** A seed for one of the case's inputs: of the suite's seed, the case's line, and {@code what}. */
  public long seed(String what) {
    CRC32C sum = new CRC32C();
    sum.update((test.line() + '/' + what).getBytes(StandardCharsets.UTF_8));
    return seed * SPREAD + sum.getValue();
  }

  private <T> T read(String name, String wanted, Function<String, T> reader) {
    try {
      return reader.apply(text(name));
    } catch (NumberFormatException e) {
      throw wrong(name, wanted);
    }
  }

  CaseException wrong(String name, String wanted) {
    return new CaseException(test + ": " + name + " must be " + wanted + ", not " + text(name));
  }
}
