package dev.gatun.tornado;

import dev.gatun.BackendOptions;
import dev.gatun.conformance.TornadoEngines;
import dev.gatun.tck.Level;
import dev.gatun.tck.Validation;
import dev.gatun.tck.junit.BackendValidation;
import java.util.List;

/** Some of the validation suite's draws in work-groups as large as a GPU's, which take an emulator long. */
class GpuSampleValidationTest extends BackendValidation {
  GpuSampleValidationTest() {
    super(TornadoEngines.here(), Level.QUICK);
  }

  @Override
  protected BackendOptions options() {
    return BackendOptions.none().with(Installation.FORMS, "gpu");
  }

  @Override
  protected Validation validation() {
    return super.validation().withCases(List.of("sample(rows=3, n=1)", "sample(rows=3, n=130, at=last, put=NaN)", "sample(rows=3, n=130, at=thirds, put=-Infinity)",
        "sample(rows=8, n=17, temperature=0.8, top_p=0.95, min_p=0.05, top_k=40)", "sample(rows=8, n=1000, temperature=0.7, top_k=40)", "sample(rows=8, n=17, top_p=0.5)"));
  }
}
