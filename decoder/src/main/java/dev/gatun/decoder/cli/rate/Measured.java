package dev.gatun.decoder.cli.rate;

import java.util.ArrayList;
import java.util.List;

/** The repeats of a test as they come, each with what the calibration took just before it. */
public final class Measured {
  private final List<Long> nanos = new ArrayList<>();
  private final List<Long> memory = new ArrayList<>();
  private final List<Long> arithmetic = new ArrayList<>();

  /** Nothing measured yet. */
  public Measured() {}

  /** Adds a repeat. */
  public void add(long taken, Calibration.Sample beside) {
    nanos.add(taken);
    memory.add(beside.memory());
    arithmetic.add(beside.arithmetic());
  }

  private static Samples samples(List<Long> of) {
    return new Samples(of.stream().mapToDouble(Long::doubleValue).toArray());
  }

  /** The time of each repeat. */
  public Samples nanos() {
    return samples(nanos);
  }

  /** How long the calibration's memory took beside each. */
  public Samples memoryNanos() {
    return samples(memory);
  }

  /** How long the calibration's arithmetic took beside each. */
  public Samples arithmeticNanos() {
    return samples(arithmetic);
  }
}
