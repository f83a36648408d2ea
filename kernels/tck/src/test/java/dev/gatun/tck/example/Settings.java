package dev.gatun.tck.example;

import dev.gatun.BackendOptions;
import dev.gatun.GatunException;
import dev.gatun.Operator;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The backend's options, checked.
 *
 * @param memory bytes the device has
 * @param fuse whether a norm runs together with the matmuls that read it
 * @param narrow whether it keeps caches in F16 and pages of 16 only, and makes no weights ready but of F32 and F16
 * @param defect what is broken
 * @param at the operator that {@link Defect#CRASH}, {@link Defect#HANG} and {@link Defect#CLAIM_THAT_THROWS} befall
 */
record Settings(long memory, boolean fuse, boolean narrow, Defect defect, String at) {
  private static final String MEMORY = "memory";
  private static final String FUSE = "fuse";
  private static final String NARROW = "narrow";
  private static final String DEFECT = "defect";
  private static final String AT = "at";
  private static final Set<String> KNOWN = Set.of(MEMORY, FUSE, NARROW, DEFECT, AT);
  private static final Set<String> OPERATORS = Arrays.stream(Operator.class.getPermittedSubclasses())
      .map(type -> type.getSimpleName().replaceAll("(?<=[a-z])(?=[A-Z])", "_").toLowerCase(Locale.ROOT))
      .collect(Collectors.toCollection(TreeSet::new));

  static Settings of(BackendOptions options) {
    Defect defect = options.get(DEFECT).map(Defect::of).orElse(Defect.NONE);
    for (String option : options.values().keySet()) {
      if (!KNOWN.contains(option) && defect != Defect.UNKNOWN_OPTION_IGNORED) {
        throw new GatunException("example: unknown option '" + option + "'; it takes " + new TreeSet<>(KNOWN));
      }
    }
    String at = options.get(AT).orElse("softcap");
    if (!OPERATORS.contains(at)) {
      throw new GatunException("example: option at names an operator, not '" + at + "'; there are " + OPERATORS);
    }
    return new Settings(bytes(options.get(MEMORY).orElse("4G")), on(options, FUSE, "on"), on(options, NARROW, "off"), defect, at);
  }

  private static boolean on(BackendOptions options, String name, String otherwise) {
    String value = options.get(name).orElse(otherwise);
    if (!Set.of("on", "off").contains(value)) {
      throw new GatunException("example: option " + name + " is on or off, not '" + value + "'");
    }
    return value.equals("on");
  }

  private static long bytes(String text) {
    String number = text.strip().toUpperCase(Locale.ROOT);
    int shift = number.isEmpty() ? 0 : 10 * (1 + "KMG".indexOf(number.charAt(number.length() - 1)));
    try {
      long units = Long.parseLong(shift == 0 ? number : number.substring(0, number.length() - 1));
      if (units > 0 && units <= Long.MAX_VALUE >> shift) {
        return units << shift;
      }
    } catch (NumberFormatException e) {
      throw new GatunException("example: option memory is a number of bytes, as 1048576 or 64M, not '" + text + "'", e);
    }
    throw new GatunException("example: option memory must be positive and fit a long, not '" + text + "'");
  }
}
