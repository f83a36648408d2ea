package dev.gatun.tornado;

import dev.gatun.BackendOptions;
import dev.gatun.conformance.TornadoEngines;
import dev.gatun.tck.Level;
import dev.gatun.tck.junit.BackendValidation;
import java.util.List;

/**
 * The validation suite over what is launched on GPUs, with their larger work-groups, on whatever device there is; of sample there is a part in
 * {@link GpuSampleValidationTest}, and families that are the same on all devices are left out.
 */
class GpuFormsValidationTest extends BackendValidation {
  GpuFormsValidationTest() {
    super(TornadoEngines.here(), Level.QUICK);
  }

  @Override
  protected BackendOptions options() {
    return BackendOptions.none().with(Installation.FORMS, "gpu");
  }

  @Override
  protected List<String> families() {
    return List.of("matmul", "attention", "rms_norm", "layer_norm", "softmax", "argmax", "top_k", "quantize", "dequantize", "rope", "silu_mul", "add");
  }
}
