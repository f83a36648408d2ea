package dev.gatun.cuda;

import dev.gatun.cuda.kernel.Kernel;
import dev.gatun.cuda.kernel.Launch;
import dev.gatun.cuda.kernel.Manifest;
import dev.gatun.ffi.cuda.Context;
import dev.gatun.ffi.cuda.Function;
import dev.gatun.ffi.cuda.FunctionAttribute;
import dev.gatun.ffi.cuda.LaunchConfig;
import dev.gatun.ffi.cuda.Module;
import dev.gatun.ffi.cuda.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The kernels of a device: each unit is loaded when one of its kernels is first compiled into a program. */
final class LoadedKernels implements AutoCloseable {
  /** What a block may have without asking: of fixed and of dynamic size together. */
  private static final int PLAIN_SHARED_BYTES = 48 * 1024;
  private static final int ALL_SHARED_PERCENT = 100;

  private final Context context;
  private final KernelImages images;
  private final Map<String, Module> modules = new HashMap<>();
  private final Map<String, Function> functions = new HashMap<>();
  private final Map<String, Integer> shared = new HashMap<>();
  private final Set<String> carved = new HashSet<>();

  LoadedKernels(Context context, KernelImages images) {
    this.context = context;
    this.images = images;
  }

  Manifest manifest() {
    return images.manifest();
  }

  /** Makes sure that a launch needs nothing loaded or set any more. */
  synchronized void prepare(Launch launch) {
    Function function = function(launch.kernel());
    if (launch.kernel().programmatic() && carved.add(launch.kernel().symbol())) {
      // A multiprocessor shares its memory out anew only when it is idle, so kernels that are to start beside one another all ask for the same share.
      function.set(FunctionAttribute.PREFERRED_SHARED_MEMORY_CARVEOUT, ALL_SHARED_PERCENT);
    }
    int dynamic = launch.sharedBytes();
    if (dynamic > shared.getOrDefault(launch.kernel().symbol(), 0)
        && dynamic + function.attribute(FunctionAttribute.SHARED_SIZE_BYTES) > PLAIN_SHARED_BYTES) {
      function.maxDynamicShared(dynamic);
      shared.put(launch.kernel().symbol(), dynamic);
    }
  }

  /**
   * Enqueues a launch that was prepared.
   *
   * @param early whether it may start while the one before it in the stream still runs: for a kernel that waits for it by itself
   */
  void launch(Stream stream, Launch launch, boolean early) {
    LaunchConfig config = new LaunchConfig(launch.gridX(), launch.gridY(), launch.gridZ(), launch.kernel().threads(), 1, 1, launch.sharedBytes(), 1, 1, 1,
        early);
    stream.launch(function(launch.kernel()), config, launch.parameters());
  }

  private synchronized Function function(Kernel kernel) {
    return functions.computeIfAbsent(kernel.symbol(), symbol -> module(kernel.unit()).function(symbol));
  }

  private Module module(String unit) {
    Module loaded = modules.get(unit);
    if (loaded == null) {
      byte[] image = images.image(unit);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment memory = arena.allocate(image.length + 1L, Long.BYTES);
        MemorySegment.copy(MemorySegment.ofArray(image), 0, memory, 0, image.length);
        loaded = context.loadModule(memory);
      }
      modules.put(unit, loaded);
    }
    return loaded;
  }

  @Override
  public synchronized void close() {
    List<Runnable> unloads = modules.values().stream().<Runnable>map(module -> module::close).toList();
    modules.clear();
    functions.clear();
    Release.all(unloads);
  }
}
