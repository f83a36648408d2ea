package dev.gatun.bench.operator;

/** Whether the Vector API is there, without which the cpu backend is many times slower. */
final class VectorModule {
  private VectorModule() {}

  static boolean isThere() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
  }

  /** Says so loudly where it matters and it is not. */
  static void tell(String backend) {
    if (backend.equals("cpu") && !isThere()) {
      System.err.println("*** NO VECTOR API in this JVM: the cpu backend runs its scalar code. Add --add-modules=jdk.incubator.vector"
          + " (-jvmArgsAppend replaces the options of the benchmarks, which have it). ***");
    }
  }
}
