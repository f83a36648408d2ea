package dev.gatun.tornado;

import dev.gatun.BackendOptions;
import dev.gatun.conformance.TornadoEngines;
import dev.gatun.tck.Level;
import dev.gatun.tck.junit.BackendValidation;
import java.util.List;

/** The validation suite over attention's tiles for a GPU that has 32 KiB of local memory. */
class SmallLocalMemoryValidationTest extends BackendValidation {
  SmallLocalMemoryValidationTest() {
    super(TornadoEngines.here(), Level.QUICK);
  }

  @Override
  protected BackendOptions options() {
    return BackendOptions.none().with(Installation.FORMS, "gpu").with(Installation.LOCAL_MEMORY, "32768");
  }

  @Override
  protected List<String> families() {
    return List.of("attention");
  }
}
