package dev.gatun.cpu;

import dev.gatun.tck.Level;
import dev.gatun.tck.junit.BackendValidation;
import java.util.Locale;

/** The validation suite; the property {@code gatun.validation.level} asks for more than the quick level. */
class CpuValidationTest extends BackendValidation {
  CpuValidationTest() {
    super("cpu", Level.valueOf(System.getProperty("gatun.validation.level", "quick").toUpperCase(Locale.ROOT)));
  }
}
