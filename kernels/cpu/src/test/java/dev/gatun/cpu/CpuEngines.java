package dev.gatun.cpu;

import dev.gatun.BackendOptions;
import dev.gatun.conformance.Engine;
import dev.gatun.conformance.Engines;
import java.util.ArrayList;
import java.util.List;

/** The CPU backend with two threads, with one, without vectors, and as a device whose memory only copies reach. */
public final class CpuEngines implements Engines {
  @Override
  public List<Engine> open() {
    return List.of(open("two threads", 2), open("one thread", 1), open("two threads through device memory", 2).throughDeviceMemory(),
        Engine.open("scalar", "cpu", BackendOptions.none().with("threads", 2).with("vector", "off")));
  }

  @Override
  public List<Engine> openForPrograms() {
    List<Engine> engines = new ArrayList<>(open());
    for (int threads : new int[] {2, 1}) {
      engines.add(Engine.open(threads + " threads, not fused", "cpu", BackendOptions.none().with("threads", threads).with("fuse", "off"))
          .ofKind("not fused"));
    }
    return engines;
  }

  private static Engine open(String label, int threads) {
    return Engine.open(label, "cpu", BackendOptions.none().with("threads", threads)).ofKind("fused");
  }
}
