package dev.gatun.tck.lab;

import dev.gatun.tck.Measure;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** What was found out about a case so far; the first check that fails ends it. */
public final class Findings {
  private final List<Measure> measures = new ArrayList<>();
  private Optional<String> unsupported = Optional.empty();

  /** Ends the case unless {@code holds}. @throws CheckException if it does not */
  public void check(String check, boolean holds, Supplier<String> message) {
    if (!holds) {
      throw new CheckException(check, message.get());
    }
  }

  /** Notes an error, whether it is within its bound or not; of each output the largest share of a bound is kept. */
  public void measure(Measure measure) {
    measures.removeIf(before -> before.output().equals(measure.output()) && before.share() <= measure.share());
    if (measures.stream().noneMatch(before -> before.output().equals(measure.output()))) {
      measures.add(measure);
    }
  }

  /** The backend does not serve the case; the last thing that is said of it. */
  public void unsupported(String reason) {
    unsupported = Optional.of(reason);
  }

  /** The largest error of each output. */
  public List<Measure> measures() {
    return List.copyOf(measures);
  }

  /** Why the backend does not serve the case, if it does not. */
  public Optional<String> unsupported() {
    return unsupported;
  }
}
