package dev.gatun.conformance;

import dev.gatun.BackendOptions;
import dev.gatun.Gatun;
import java.util.List;

/** The kernels on TornadoVM's device in a JVM that has TornadoVM, else on the emulator. */
public final class TornadoEngines implements Engines {
  /** The backend that this JVM can run; where it is said to have a device, that and nothing else. */
  public static String here() {
    return Boolean.getBoolean("gatun.tornado.device") || Gatun.backends().stream().anyMatch(backend -> backend.name().equals("tornado") && backend.isAvailable()) ? "tornado" : "tornado-emulated";
  }

  @Override
  public List<Engine> open() {
    return List.of(Engine.open(here(), here(), BackendOptions.none()).small());
  }
}
