package dev.gatun.bench.operator;

import dev.gatun.bench.NotRunException;

/** Whether the Vector API is there, without which the cpu backend is many times slower. */
final class VectorModule {
  /** How the benchmarks are called that want the Vector API absent. */
  private static final String SCALAR = ".scalar";

  private VectorModule() {}

  /**
   * Says loudly where the module matters and is not there.
   *
   * @throws NotRunException where it is there and must not be
   */
  static void tell(String backend, String benchmark) {
    boolean there = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    if (benchmark.endsWith(SCALAR)) {
      if (there) {
        throw new NotRunException("this JVM has the module jdk.incubator.vector; scalar code is measured in a fork without it (-f 1, no --add-modules)");
      }
    } else if (backend.equals("cpu") && !there) {
      System.err.println("*** NO VECTOR API in this JVM: the cpu backend runs its scalar code. Add --add-modules=jdk.incubator.vector"
          + " (-jvmArgsAppend replaces the options of the benchmarks, which have it). ***");
    }
  }
}
