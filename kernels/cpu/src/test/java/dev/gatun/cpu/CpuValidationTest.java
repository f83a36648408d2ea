package dev.gatun.cpu;

import dev.gatun.tck.Level;
import dev.gatun.tck.junit.BackendValidation;
import java.util.List;
import java.util.Locale;

/**
 * The validation suite; the property {@code gatun.validation.level} asks for more than the quick level, {@code gatun.validation.families} for these families alone,
 * separated by commas.
 */
class CpuValidationTest extends BackendValidation {
  CpuValidationTest() {
    super("cpu", Level.valueOf(System.getProperty("gatun.validation.level", "quick").toUpperCase(Locale.ROOT)));
  }

  @Override
  protected List<String> families() {
    String families = System.getProperty("gatun.validation.families", "");
    return families.isEmpty() ? List.of() : List.of(families.split(","));
  }
}
