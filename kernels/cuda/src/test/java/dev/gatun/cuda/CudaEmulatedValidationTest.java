package dev.gatun.cuda;

import dev.gatun.tck.Level;
import dev.gatun.tck.junit.BackendValidation;

class CudaEmulatedValidationTest extends BackendValidation {
  CudaEmulatedValidationTest() {
    super("cuda-emulated", Level.QUICK);
  }

  /** Without a C++ compiler there is no emulator; its absence is reported by the build, and by the other tests. */
  @Override
  protected boolean mayBeAbsent() {
    return true;
  }
}
