package dev.gatun.c.example;

import dev.gatun.BackendOptions;
import dev.gatun.c.Native;
import dev.gatun.conformance.Engine;
import dev.gatun.conformance.Engine.Extra;
import dev.gatun.conformance.Engines;
import java.util.List;

/** The example backend, over memory of its own and over the host's. */
public final class ExampleEngines implements Engines {
  @Override
  public List<Engine> open() {
    Native.useExample();
    return List.of(open("device memory", "off"), open("host memory", "on"));
  }

  private static Engine open(String label, String hostMemory) {
    return Engine.open(label, "example", BackendOptions.none().with("host_memory", hostMemory)).ofKind("example")
        .without(Extra.NARROW_CACHES, "no F8 caches")
        .without(Extra.RARE_TYPES, "no rare types");
  }
}
