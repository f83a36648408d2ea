package dev.gatun.cpu;

import dev.gatun.BackendOptions;
import dev.gatun.conformance.Engine;
import dev.gatun.conformance.Engines;
import dev.gatun.cpu.library.NativeKernels;
import dev.gatun.cpu.library.NativeLevel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The CPU backend with two threads, with one, without vectors, and as a device whose memory only copies reach; where the tests are to have
 * kernels in C, at every level of them with two threads, with one and without vectors.
 */
public final class CpuEngines implements Engines {
  @Override
  public List<Engine> open() {
    List<Engine> natives = natives(2, 1);
    return !natives.isEmpty() ? natives : List.of(open("two threads", 2), open("one thread", 1),
        open("two threads through device memory", 2).throughDeviceMemory(),
        Engine.open("scalar", "cpu", BackendOptions.none().with("threads", 2).with("vector", "off")));
  }

  @Override
  public List<Engine> openForPrograms() {
    List<Engine> engines = new ArrayList<>(open());
    if (!levels().isEmpty()) {
      return engines;
    }
    for (int threads : new int[] {2, 1}) {
      engines.add(Engine.open(threads + " threads, not fused", "cpu", BackendOptions.none().with("threads", threads).with("fuse", "off"))
          .ofKind("not fused"));
    }
    return engines;
  }

  private static List<NativeLevel> levels() {
    return NativeKernels.of(System.getProperty(CpuProvider.NATIVE_PROPERTY, NativeKernels.OFF)).level().stream()
        .flatMap(best -> Arrays.stream(NativeLevel.values()).filter(level -> level.compareTo(best) <= 0)).toList();
  }

  private static List<Engine> natives(int... threads) {
    List<Engine> engines = new ArrayList<>();
    for (NativeLevel level : levels()) {
      for (int count : threads) {
        BackendOptions options = BackendOptions.none().with("threads", count).with("native", level.label());
        engines.add(Engine.open(level.label() + ", " + count + " threads", "cpu", options).ofKind(level.label()));
      }
      engines.add(Engine.open(level.label() + " beside plain loops", "cpu",
          BackendOptions.none().with("threads", 2).with("vector", "off").with("native", level.label())));
    }
    return engines;
  }

  private static Engine open(String label, int threads) {
    return Engine.open(label, "cpu", BackendOptions.none().with("threads", threads)).ofKind("fused");
  }
}
