package dev.gatun.ffi.cuda;

import static dev.gatun.ffi.cuda.Downcall.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A loaded module image, owned by who loaded it. Its functions and globals end with it. */
public final class Module implements AutoCloseable {
  private static final int JIT_ERROR_LOG_BUFFER = 5;
  private static final int JIT_ERROR_LOG_BUFFER_SIZE_BYTES = 6;
  private static final int LOG_BYTES = 8192;

  private final Context context;
  private final Driver driver;
  private final Handle handle;

  private Module(Context context, Handle handle) {
    this.context = context;
    this.driver = context.driver();
    this.handle = handle;
  }

  static Module load(Context context, MemorySegment image) {
    Driver driver = context.driver();
    try (Arena arena = Arena.ofShared()) {
      long start = ModuleImage.loadable(image, arena).address();
      MemorySegment log = arena.allocate(LOG_BYTES);
      MemorySegment options = arena.allocateFrom(ValueLayout.JAVA_INT, JIT_ERROR_LOG_BUFFER, JIT_ERROR_LOG_BUFFER_SIZE_BYTES);
      MemorySegment values = arena.allocateFrom(ValueLayout.JAVA_LONG, log.address(), LOG_BYTES);
      long address = context.obtain(driver.cuModuleLoadDataEx,
          out -> call(driver.cuModuleLoadDataEx, out, start, 2, options.address(), values.address()), () -> NativeText.in(log));
      return new Module(context, Handle.owned("Module", address));
    } finally {
      java.lang.ref.Reference.reachabilityFence(image);
    }
  }

  /**
   * A kernel of this module by its symbol.
   *
   * @throws CudaException when the module has none of that name
   */
  public Function function(String symbol) {
    return new Function(context, handle, symbol, named(driver.cuModuleGetFunction, symbol));
  }

  /** A variable of this module by its symbol, not owned by the result. */
  public DeviceMemory global(String name) {
    long module = handle.get();
    long[] bytes = new long[1];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(name);
      MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
      long address = context.obtain(driver.cuModuleGetGlobal_v2,
          out -> call(driver.cuModuleGetGlobal_v2, out, size.address(), module, text.address()), () -> "the variable " + name);
      bytes[0] = size.get(ValueLayout.JAVA_LONG, 0);
      return context.holding(() -> DeviceMemory.within(context, handle, address, bytes[0]));
    }
  }

  /** Unloads the module. Work that uses it has to be done. */
  @Override
  public void close() {
    context.giveBack(handle, driver.cuModuleUnload);
  }

  private long named(Entry function, String symbol) {
    long module = handle.get();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(symbol);
      return context.obtain(function, out -> call(function, out, module, text.address()), () -> "the function " + symbol);
    }
  }
}
