package dev.gatun.cuda;

import dev.gatun.BackendOptions;
import dev.gatun.Gatun;
import dev.gatun.conformance.Engine;
import dev.gatun.conformance.Engines;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** The CUDA backend on the emulator, and on a device where there is one. */
public final class CudaEngines implements Engines {
  @Override
  public List<Engine> open() {
    List<Engine> engines = new ArrayList<>();
    if (isHere("cuda-emulated")) {
      engines.add(Engine.open("emulated", "cuda-emulated", BackendOptions.none().with("graph", "off")).small());
    }
    if (isHere("cuda")) {
      engines.add(Engine.open("device", "cuda", BackendOptions.none()));
    }
    Assumptions.assumeFalse(engines.isEmpty(), () -> "neither the emulator nor a device is here: " + Gatun.backends());
    return engines;
  }

  private static boolean isHere(String name) {
    return Gatun.backends().stream().anyMatch(backend -> backend.name().equals(name) && backend.score() > 0);
  }
}
