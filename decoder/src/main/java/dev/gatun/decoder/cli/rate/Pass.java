package dev.gatun.decoder.cli.rate;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One go of one test, or of two: decode steps after a prompt that is timed too need that prompt only once.
 *
 * @param test what is timed
 * @param after the decode steps that come next, where their depth is the test's prompt
 */
public record Pass(RateTest test, Optional<RateTest> after) {
  /**
   * The fewest passes for some tests.
   *
   * @param pretended whether depths are filled without feeding a prompt, so that there is nothing to share
   */
  public static List<Pass> of(List<RateTest> tests, boolean pretended) {
    Set<RateTest> left = new LinkedHashSet<>(tests);
    List<Pass> passes = new ArrayList<>();
    while (!left.isEmpty()) {
      RateTest first = left.iterator().next();
      left.remove(first);
      Optional<RateTest> after = first.isPrefill() && first.depth() == 0 && !pretended
          ? left.stream().filter(test -> test.isDecode() && test.depth() == first.prompt() && test.sequences() == first.sequences()).findFirst()
          : Optional.empty();
      after.ifPresent(left::remove);
      passes.add(new Pass(first, after));
    }
    return passes;
  }

  /** Its tests. */
  public List<RateTest> tests() {
    return after.map(next -> List.of(test, next)).orElse(List.of(test));
  }
}
