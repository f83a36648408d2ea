package dev.gatun.tornado;

import dev.gatun.BackendOptions;
import dev.gatun.GatunException;
import dev.gatun.spi.Availability;
import dev.gatun.spi.BackendDriver;
import dev.gatun.spi.BackendProvider;
import dev.gatun.spi.Spi;

/** The backend named {@code tornado}: devices that TornadoVM reaches. It needs TornadoVM 5.2.0-jdk25 or later, which this module's jar does not bring. */
public final class TornadoProvider implements BackendProvider {
  /** Below the CPU's, whose kernels are faster than TornadoVM's on a processor: it is for those who ask for it. */
  private static final int SCORE = 5;

  /** For {@link java.util.ServiceLoader}. */
  public TornadoProvider() {}

  @Override
  public int apiVersion() {
    return Spi.VERSION;
  }

  @Override
  public String name() {
    return "tornado";
  }

  @Override
  public String description() {
    return "kernels in Java on OpenCL, SPIR-V, Metal and CUDA devices through TornadoVM";
  }

  @Override
  public Availability probe(BackendOptions options) {
    return Installation.refusal(false, options).or(Settings::refusal).map(Availability::no).orElseGet(() -> Availability.yes(SCORE));
  }

  @Override
  public BackendDriver open(BackendOptions options) {
    return open(name(), false, options);
  }

  static BackendDriver open(String name, boolean emulated, BackendOptions options) {
    Installation.refusal(emulated, options).or(Settings::refusal).ifPresent(reason -> {
      throw new GatunException(name + ": " + reason);
    });
    return new TornadoDriver(Installation.device(emulated, options), options.get(Installation.DEVICE).orElse("0:0"), Installation.version(),
        Installation.forms(options), Installation.localMemory(options));
  }
}
