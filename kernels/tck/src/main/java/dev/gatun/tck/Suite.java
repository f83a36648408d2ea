package dev.gatun.tck;

import dev.gatun.tck.cases.Families;
import dev.gatun.tck.cases.Family;
import dev.gatun.tck.cases.Listing;
import dev.gatun.tck.cases.Values;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The cases there are. The same level and scale give the same cases in the same order, on every machine. */
public final class Suite {
  /** The seed of every input, unless another is asked for. */
  public static final long SEED = 20_260_101;

  private static final Map<String, Family> FAMILIES = Families.all().stream()
      .collect(Collectors.toMap(Family::name, f -> f, (a, b) -> a, LinkedHashMap::new));

  private Suite() {}

  /** The names of the families in report order: the operators, then what else is examined. */
  public static Set<String> families() {
    return java.util.Collections.unmodifiableSet(new java.util.LinkedHashSet<>(FAMILIES.keySet()));
  }

  /**
   * The cases of a level, family after family.
   *
   * @param models the shapes to run; {@link ModelShape#builtIn()} unless a vendor has others
   * @param only families to list; all if empty
   * @throws CaseException for a family there is not
   */
  public static List<TestCase> cases(Level level, Scale scale, List<ModelShape> models, Set<String> only) {
    only.forEach(Suite::family);
    Listing listing = new Listing(scale, models);
    for (Family family : FAMILIES.values()) {
      if (only.isEmpty() || only.contains(family.name())) {
        family.list(listing);
      }
    }
    return listing.cases().entrySet().stream().filter(e -> e.getValue().compareTo(level) <= 0).map(Map.Entry::getKey).toList();
  }

  /**
   * The case that a line names, in the one form that its name has; any values that make a case will do, whether a level lists it or not.
   *
   * @throws CaseException if there is no such family, or it has no such value
   */
  public static TestCase find(String line) {
    TestCase test = TestCase.parse(line);
    return family(test.family()).canonical(test);
  }

  /** The name of the process group that a case's family is examined in. */
  public static String group(TestCase test) {
    return family(test.family()).group().name().toLowerCase(java.util.Locale.ROOT);
  }

  /** The dtype that a case is counted under. */
  public static String column(TestCase test) {
    return family(test.family()).column(values(test, SEED));
  }

  static Family family(String name) {
    Family family = FAMILIES.get(name);
    if (family == null) {
      throw new CaseException("there is no operator or family '" + name + "'; there are: " + String.join(", ", FAMILIES.keySet()));
    }
    return family;
  }

  static Values values(TestCase test, long seed) {
    return family(test.family()).values(test, seed);
  }
}
