import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArchitecturesTest {
  @Test
  void defaultMakesPtxOfASharedFormOnce() {
    assertThat(Architectures.DEFAULT.options()).containsExactly("-gencode", "arch=compute_80,code=[sm_80,compute_80]",
        "-gencode", "arch=compute_90,code=[compute_90]", "-gencode", "arch=compute_90a,code=[sm_90a]");
  }

  @Test
  void releaseReachesFromTuringToBlackwell() {
    assertThat(Architectures.RELEASE.machine()).containsExactly("sm_75", "sm_80", "sm_86", "sm_89", "sm_90a", "sm_100a", "sm_120");
    assertThat(Architectures.RELEASE.names()).contains("compute_75", "compute_80", "compute_90", "compute_100");
  }

  @Test
  void releaseLeavesOutWhatNvccDoesNotKnow() {
    assertThat(Architectures.RELEASE.knownTo(List.of("80", "90")).names()).containsExactly("sm_80", "sm_90a", "compute_80", "compute_90");
  }

  @ParameterizedTest
  @ValueSource(strings = {"compute_90a", "compute_100f"})
  void ptxOfAnArchitectureSpecificFormIsRefused(String name) {
    assertThatThrownBy(() -> Architectures.of(List.of("sm_80", name))).isInstanceOf(BuildFailure.class).hasMessageContaining(name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"80", "sm80", "sm_80,", "native"})
  void otherNamesAreRefused(String name) {
    assertThatThrownBy(() -> Architectures.of(List.of(name))).isInstanceOf(BuildFailure.class).hasMessageContaining("is no architecture");
  }

  @ParameterizedTest
  @CsvSource({"11.8.89, 450", "12.4.131, 525", "13.0.88, 580"})
  void toolkitsNeedTheDriversOfTheirMajorVersion(String toolkit, int driver) {
    assertThat(Nvcc.driver(toolkit)).isEqualTo(driver);
  }

  @Test
  void aToolkitOfUnknownMajorVersionIsRefused() {
    assertThatThrownBy(() -> Nvcc.driver("99.1.2")).isInstanceOf(BuildFailure.class).hasMessageContaining("CUDA 99.1.2")
        .hasMessageContaining("Nvcc.java");
  }

  @Test
  void readsTheToolkitsVersion() {
    assertThat(Nvcc.version("""
        nvcc: NVIDIA (R) Cuda compiler driver
        Built on Wed_Aug_20_01:58:59_PM_PDT_2025
        Cuda compilation tools, release 13.0, V13.0.88
        Build cuda_13.0.r13.0/compiler.36424714_0
        """)).isEqualTo("13.0.88");
  }
}
