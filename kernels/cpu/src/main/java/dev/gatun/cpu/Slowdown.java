package dev.gatun.cpu;

import dev.gatun.GatunException;
import dev.gatun.Operator;
import dev.gatun.cpu.op.Step;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Makes the steps of one operator take longer than they need, so that it can be seen whether a regression gate notices; for nothing else. The device's facts
 * tell it, so that no figure goes about without the word.
 *
 * @param operator whose steps
 * @param factor how many times their own time they take, at least 1
 */
record Slowdown(String operator, double factor) {
  /** The system property that asks for it, for example {@code matmul:1.5}. */
  static final String PROPERTY = "gatun.cpu.slow";

  private static final double LARGEST = 100;
  private static final Pattern FORM = Pattern.compile("([a-z_]+):(\\d{1,3}(?:\\.\\d{1,6})?)");

  /** What the property asks for. @throws GatunException if it is not of its form */
  static Optional<Slowdown> asked() {
    return Optional.ofNullable(System.getProperty(PROPERTY)).map(Slowdown::of);
  }

  static Slowdown of(String text) {
    Matcher matcher = FORM.matcher(text);
    List<String> known = Arrays.stream(Operator.class.getPermittedSubclasses())
        .map(type -> type.getSimpleName().replaceAll("(?<=.)([A-Z])", "_$1").toLowerCase(Locale.ROOT)).toList();
    if (!matcher.matches() || !known.contains(matcher.group(1)) || !(Double.parseDouble(matcher.group(2)) >= 1)
        || Double.parseDouble(matcher.group(2)) > LARGEST) {
      throw new GatunException("cpu: the system property " + PROPERTY + " is OPERATOR:FACTOR, for example matmul:1.5, with a factor from 1 to " + (int) LARGEST
          + " and an operator of " + known.stream().sorted().collect(Collectors.joining(", ")) + "; got '" + text + "'");
    }
    return new Slowdown(matcher.group(1), Double.parseDouble(matcher.group(2)));
  }

  boolean isOf(List<? extends Operator> operators) {
    return operators.stream().anyMatch(one -> one.name().equals(operator));
  }

  List<Step> of(List<Step> steps) {
    return steps.stream().<Step>map(step -> new Slowed(step, factor)).toList();
  }

  @Override
  public String toString() {
    return operator + " takes " + factor + " times its time, on purpose (" + PROPERTY + "); figures mean nothing";
  }

  private record Slowed(Step step, double factor) implements Step {
    @Override
    public int units() {
      return step.units();
    }

    @Override
    public int chunk() {
      return step.chunk();
    }

    @Override
    public void run(int from, int to, int worker) {
      long started = System.nanoTime();
      step.run(from, to, worker);
      long own = System.nanoTime() - started;
      while (System.nanoTime() - started < own * factor) {
        Thread.onSpinWait();
      }
    }
  }
}
