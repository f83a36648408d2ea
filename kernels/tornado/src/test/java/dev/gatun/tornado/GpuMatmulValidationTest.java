package dev.gatun.tornado;

import dev.gatun.BackendOptions;
import dev.gatun.conformance.TornadoEngines;
import dev.gatun.tck.Level;
import dev.gatun.tck.junit.BackendValidation;
import java.util.List;

/** The validation suite over matmul's kernels for GPUs, on whatever device there is. */
class GpuMatmulValidationTest extends BackendValidation {
  GpuMatmulValidationTest() {
    super(TornadoEngines.here(), Level.QUICK);
  }

  @Override
  protected BackendOptions options() {
    return BackendOptions.none().with(Installation.FORMS, "gpu");
  }

  @Override
  protected List<String> families() {
    return List.of("matmul");
  }
}
