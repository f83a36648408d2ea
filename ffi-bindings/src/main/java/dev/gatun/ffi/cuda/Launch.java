package dev.gatun.ffi.cuda;

import static dev.gatun.ffi.cuda.Downcall.call;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * A launch whose configuration is written once, for kernels that are launched again and again. It reads the parameters anew at each run, and
 * uses their memory without owning it. For one thread at a time; needs no closing.
 */
public final class Launch {
  private final Function function;
  private final MemorySegment params;
  private final LaunchMemory memory = new LaunchMemory();

  Launch(Function function, LaunchConfig config, MemorySegment params) {
    this.function = function;
    this.params = params;
    function.address();
    memory.write(config, 0, Parameters.address(params));
  }

  /** Launches on that stream. Allocates nothing on the Java heap when called from a platform thread. */
  public void run(Stream stream) {
    Context context = stream.context();
    if (!context.enter()) {
      context.platformThread().run(() -> run(stream));
      return;
    }
    Parameters.requireAlive(params);
    memory.stream(stream.address());
    Entry launch = context.driver().cuLaunchKernelEx;
    int result = call(launch, memory.config(), function.address(), memory.parameters(), 0L);
    Reference.reachabilityFence(this);
    if (result != 0) {
      throw context.driver().failure(launch, result, context.device(), function.name());
    }
  }
}
