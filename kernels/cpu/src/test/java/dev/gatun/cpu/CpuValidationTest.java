package dev.gatun.cpu;

import dev.gatun.tck.Level;
import dev.gatun.tck.junit.BackendValidation;

class CpuValidationTest extends BackendValidation {
  CpuValidationTest() {
    super("cpu", Level.QUICK);
  }
}
