package dev.gatun.tornado;

import dev.gatun.BackendOptions;
import dev.gatun.spi.Availability;
import dev.gatun.spi.BackendDriver;
import dev.gatun.spi.BackendProvider;
import dev.gatun.spi.Spi;

/** The backend named {@code tornado-emulated}: the same kernels and task graphs as Java, on an emulator of TornadoVM's interface. For tests, not for speed. */
public final class EmulatedTornadoProvider implements BackendProvider {
  private static final int SCORE = 1;

  /** For {@link java.util.ServiceLoader}. */
  public EmulatedTornadoProvider() {}

  @Override
  public int apiVersion() {
    return Spi.VERSION;
  }

  @Override
  public String name() {
    return "tornado-emulated";
  }

  @Override
  public String description() {
    return "the TornadoVM kernels as Java on an emulator of its task graphs and work-groups; for tests, not for speed";
  }

  @Override
  public Availability probe(BackendOptions options) {
    return Installation.refusal(true, options).map(Availability::no).orElseGet(() -> Availability.yes(SCORE));
  }

  @Override
  public BackendDriver open(BackendOptions options) {
    return TornadoProvider.open(name(), true, options);
  }
}
