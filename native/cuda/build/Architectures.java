import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a fatbin is made for: machine code for {@code sm_XX}, which runs on devices of that number, or for a plain number also on later ones
 * of the same tens; and PTX of {@code compute_XX}, which the driver compiles for whatever comes later.
 */
record Architectures(List<String> names) {
  // First, since the constants below are checked with it.
  private static final Pattern NAME = Pattern.compile("(sm|compute)_([0-9]+)([af]?)");

  static final Architectures DEFAULT = of(List.of("sm_80", "sm_90a", "compute_80", "compute_90"));
  static final Architectures RELEASE = of(List.of("sm_75", "sm_80", "sm_86", "sm_89", "sm_90a", "sm_100a", "sm_120",
      "compute_75", "compute_80", "compute_90", "compute_100"));

  /** Checks the names. PTX of a form with a letter after its number is refused: it would run on that one architecture alone. */
  static Architectures of(List<String> names) {
    for (String name : names) {
      Matcher parts = NAME.matcher(name);
      if (!parts.matches()) {
        throw new BuildFailure(name + " is no architecture; write sm_80, sm_90a or compute_80");
      }
      if (parts.group(1).equals("compute") && !parts.group(3).isEmpty()) {
        throw new BuildFailure(name + ": PTX of an architecture-specific form runs on nothing later; write compute_" + parts.group(2));
      }
    }
    if (names.isEmpty()) {
      throw new BuildFailure("no architecture to compile for");
    }
    return new Architectures(List.copyOf(names));
  }

  /** Those whose number this nvcc lists. */
  Architectures knownTo(List<String> numbers) {
    List<String> known = names.stream().filter(name -> numbers.contains(number(name))).toList();
    return of(known);
  }

  /** The options for nvcc. One that makes both machine code and PTX of the same form makes the PTX once. */
  List<String> options() {
    TreeMap<String, List<String>> codes = new TreeMap<>();
    for (String name : names) {
      codes.computeIfAbsent("compute_" + name.substring(name.indexOf('_') + 1), key -> new ArrayList<>()).add(name);
    }
    List<String> options = new ArrayList<>();
    codes.forEach((virtual, code) -> options.addAll(List.of("-gencode", "arch=" + virtual + ",code=[" + String.join(",", code) + "]")));
    return options;
  }

  /** The names of machine code alone. */
  List<String> machine() {
    return names.stream().filter(name -> name.startsWith("sm_")).toList();
  }

  static String number(String name) {
    return name.replaceAll("[^0-9]", "");
  }
}
