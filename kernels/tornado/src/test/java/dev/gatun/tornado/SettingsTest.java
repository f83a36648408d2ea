package dev.gatun.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Settings of TornadoVM under which results differ. */
class SettingsTest {
  private static final Map<String, Object> GOOD = Map.of("RECOVER_BAILOUT", false, "FULL_INLINING", true, "VM_USE_DEPS", false, "DEFAULT_OPENCL_COMPILER_FLAGS",
      "-cl-mad-enable -w", "DEFAULT_CUDA_COMPILER_FLAGS", "", "TORNADO_SKETCHER_THREADS", 4, "MAX_TORNADO_VM_BYTECODE_SIZE", 1 << 20);

  private static Optional<String> refusal(String field, Object value) {
    return Settings.refusal((_, asked) -> Optional.ofNullable(asked.equals(field) ? value : GOOD.get(asked)));
  }

  @Test
  void whatTornadoVmHasHereAndWhatIsHarmlessWillDo() {
    assertThat(Settings.refusal()).isEmpty();
    assertThat(refusal("none", "")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"RECOVER_BAILOUT, true, tornado.recover.bailout=False", "FULL_INLINING, false, tornado.compiler.fullInlining=True",
      "ENABLE_OOO_EXECUTION, true, tornado.ooo-execution.enable=False", "VM_USE_DEPS, true, tornado.vm.deps=False",
      "CONCURRENT_INTERPRETERS, true, tornado.concurrent.devices=False", "METAL_FAST_MATH, true, tornado.metal.fastmath=False"})
  void aSwitchThatChangesResultsIsRefusedWithTheFlagThatSettlesIt(String field, boolean value, String flag) {
    assertThat(refusal(field, value)).hasValueSatisfying(why -> assertThat(why).contains("start Java with \"-D" + flag + "\""));
  }

  @ParameterizedTest
  @CsvSource({"DEFAULT_OPENCL_COMPILER_FLAGS, -cl-mad-enable -cl-fast-relaxed-math -w", "DEFAULT_OPENCL_COMPILER_FLAGS, -cl-finite-math-only",
      "DEFAULT_CUDA_COMPILER_FLAGS, --use_fast_math", "DEFAULT_CUDA_COMPILER_FLAGS, --ftz=true"})
  void compilerFlagsThatDropNanAreRefused(String field, String flags) {
    assertThat(refusal(field, flags)).hasValueSatisfying(why -> assertThat(why).contains("compiler.flags=" + flags, "neither NaN nor infinity"));
  }

  @Test
  void numbersThatAreTooSmallAreRefused() {
    assertThat(refusal("TORNADO_SKETCHER_THREADS", 1)).hasValueSatisfying(why -> assertThat(why).contains("-Dtornado.sketcher.threads=4"));
    assertThat(refusal("MAX_TORNADO_VM_BYTECODE_SIZE", 4096)).hasValueSatisfying(why -> assertThat(why).contains("-Dtornado.tvm.maxbytecodesize=65536"));
  }
}
