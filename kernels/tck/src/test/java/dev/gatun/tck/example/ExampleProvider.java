package dev.gatun.tck.example;

import dev.gatun.BackendOptions;
import dev.gatun.spi.Availability;
import dev.gatun.spi.BackendDriver;
import dev.gatun.spi.BackendProvider;
import dev.gatun.spi.Spi;

/**
 * The backend named {@code example}: the first thing a vendor writes. It is found by {@link java.util.ServiceLoader} and does nothing until
 * it is asked. Options: {@code memory} (bytes the device has, for example {@code 64M}; 4G unless given), {@code fuse} ({@code on} or
 * {@code off}), {@code defect} (a {@link Defect}) and {@code at} (the operator that crashes, hangs or throws).
 */
public final class ExampleProvider implements BackendProvider {
  /** Never the default in front of a real backend. */
  private static final int SCORE = 1;

  /** For {@link java.util.ServiceLoader}. */
  public ExampleProvider() {}

  @Override
  public int apiVersion() {
    return Spi.VERSION;
  }

  @Override
  public String name() {
    return "example";
  }

  @Override
  public String description() {
    return "a device played by plain Java, to show how a backend is written";
  }

  @Override
  public Availability probe(BackendOptions options) {
    return Availability.yes(SCORE);
  }

  @Override
  public BackendDriver open(BackendOptions options) {
    return new ExampleDriver(Settings.of(options));
  }
}
