package dev.gatun.conformance;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * A mistake put into a kernel on purpose.
 *
 * @param name what is wrong then
 * @param units the units that are compiled
 * @param instances which of their instances are kept
 * @param file the source that is changed
 * @param find a text that the source has once
 * @param replacement what stands there instead
 * @param fault what the emulator must say, a part of it; without it, the result must differ from the oracle's
 * @param run launches the kernel and holds it to the oracle
 */
record Mutant(String name, List<String> units, Pattern instances, String file, String find, String replacement, Optional<Pattern> fault,
    Consumer<OperatorHarness> run) {
  /** A kernel to make mistakes in. */
  record Victim(List<String> units, String instances, Consumer<OperatorHarness> run) {
    /** A mistake that the emulator must stop with a fault in which the pattern {@code fault} is. */
    Mutant faulting(String name, String file, String find, String replacement, String fault) {
      return new Mutant(name, units, Pattern.compile(instances), file, find, replacement, Optional.of(Pattern.compile(fault)), run);
    }

    /** A mistake that only the comparison with the oracle can find. */
    Mutant differing(String name, String file, String find, String replacement) {
      return new Mutant(name, units, Pattern.compile(instances), file, find, replacement, Optional.empty(), run);
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
