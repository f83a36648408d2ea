package dev.gatun.tck.lab;

import dev.gatun.Operator;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.Host;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One operator over tensors of a {@link Workbench}, and what must come of it. */
public final class Trial {
  /**
   * Other contents of what an output does not depend on.
   *
   * @param disturb writes them over the inputs
   * @param kept views of outputs whose bits must be the same then
   */
  record Neighbours(Runnable disturb, List<Tensor> kept) {}

  private final Operator operator;
  private final List<Expectation> expectations = new ArrayList<>();
  private Host host = Host.buffers();
  private Optional<Neighbours> neighbours = Optional.empty();
  private Runnable before = () -> { };

  private Trial(Operator operator) {
    this.operator = operator;
  }

  /** What the backend runs: host tensors of the bench, prepared weights and caches of the backend's own. */
  public static Trial of(Operator operator) {
    return new Trial(operator);
  }

  /** Where the oracle finds what is in caches. */
  public Trial reading(Host from) {
    host = from;
    return this;
  }

  /** All outputs are the oracle's for {@code truth}, computed now: the operator over the weight that a prepared one was made from, for example. */
  public Trial expect(Operator truth, Bound bound) {
    return expect(List.of(truth), bound);
  }

  /** A sample of the outputs is the oracle's: operators over views of the tensors, whose errors are taken together. */
  public Trial expect(List<? extends Operator> truths, Bound bound) {
    expectations.add(new Truth(truths, host, bound));
    return this;
  }

  /** The operator itself is the truth. */
  public Trial expect(Bound bound) {
    return expect(operator, bound);
  }

  /** Something else holds after every run. */
  public Trial expect(Expectation expectation) {
    expectations.add(expectation);
    return this;
  }

  /** What is done before every run: it puts back what the operator changes besides its outputs, as the contents of a cache. */
  public Trial before(Runnable putBack) {
    before = putBack;
    return this;
  }

  /** The views {@code kept} of the outputs have the same bits when {@code disturb} has changed inputs that they do not depend on. */
  public Trial independent(Runnable disturb, Tensor... kept) {
    neighbours = Optional.of(new Neighbours(disturb, List.of(kept)));
    return this;
  }

  Operator operator() {
    return operator;
  }

  Runnable before() {
    return before;
  }

  List<Expectation> expectations() {
    return expectations;
  }

  Optional<Neighbours> neighbours() {
    return neighbours;
  }
}
