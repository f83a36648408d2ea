package dev.gatun.ffi.cuda;

import static dev.gatun.ffi.cuda.Downcall.call;

/** A kernel of a module. Ends with the module and needs no closing. */
public final class Function {
  private final Context context;
  private final Driver driver;
  private final Handle module;
  private final String name;
  private final long address;

  Function(Context context, Handle module, String name, long address) {
    this.context = context;
    this.driver = context.driver();
    this.module = module;
    this.name = name;
    this.address = address;
  }

  /** Its symbol. */
  public String name() {
    return name;
  }

  /** One of its attributes, in the unit that the attribute states. */
  public int attribute(FunctionAttribute a) {
    long function = address();
    return (int) context.obtain(driver.cuFuncGetAttribute, out -> call(driver.cuFuncGetAttribute, out, a.number(), function),
        () -> a + " of " + name);
  }

  /** Lets launches ask for up to that many bytes of dynamic shared memory; more than 48 KiB needs this. */
  public void maxDynamicShared(int bytes) {
    set(FunctionAttribute.MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes);
  }

  /** Sets an attribute that can be set. */
  public void set(FunctionAttribute a, int value) {
    long function = address();
    context.obtain(driver.cuFuncSetAttribute, ignored -> call(driver.cuFuncSetAttribute, function, a.number(), value),
        () -> a + " of " + name + " to " + value);
  }

  /** How many blocks of so many threads and bytes of dynamic shared memory a multiprocessor holds at once. */
  public int maxActiveBlocks(int threads, long sharedBytes) {
    long function = address();
    Entry occupancy = driver.cuOccupancyMaxActiveBlocksPerMultiprocessor;
    return (int) context.obtain(occupancy, out -> call(occupancy, out, function, threads, sharedBytes), () -> name + " with " + threads + " threads");
  }

  /** How many clusters of that launch the device holds at once. */
  public int maxActiveClusters(LaunchConfig config) {
    long function = address();
    LaunchMemory memory = new LaunchMemory();
    memory.write(config, 0, 0);
    return (int) context.obtain(driver.cuOccupancyMaxActiveClusters,
        out -> call(driver.cuOccupancyMaxActiveClusters, out, function, memory.config()), () -> name + " with " + config);
  }

  @Override
  public String toString() {
    return name;
  }

  Context context() {
    return context;
  }

  long address() {
    module.get();
    return address;
  }
}
