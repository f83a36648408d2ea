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
      engines.add(Engine.open("emulated", "cuda-emulated", BackendOptions.none()).small());
    }
    if (isHere("cuda")) {
      engines.add(Engine.open("device", "cuda", BackendOptions.none()));
    }
    Assumptions.assumeFalse(engines.isEmpty(), () -> "neither the emulator nor a device is here: " + Gatun.backends());
    return engines;
  }

  @Override
  public List<Engine> openForPrograms() {
    List<Engine> engines = new ArrayList<>(open());
    String name = engines.getFirst().backend().name();
    engines.add(Engine.open("without graphs", name, BackendOptions.none().with("graph", "off")).ofKind(engines.getFirst().label()).small());
    engines.add(Engine.open("not fused", name, BackendOptions.none().with("fuse", "off")).small());
    return engines;
  }

  private static boolean isHere(String name) {
    return Gatun.backends().stream().anyMatch(backend -> backend.name().equals(name) && backend.score() > 0);
  }
}
