package dev.gatun.cuda.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.DType;
import dev.gatun.GatunException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestTest {
  static final String HEAD = "gatun-cuda-manifest\t1\n";

  static Manifest parsed(String... lines) {
    return Manifest.parse("the manifest", HEAD + String.join("\n", lines) + "\n");
  }

  @Test
  void aManifestSaysWhatTheImagesHold() {
    Manifest manifest = parsed("toolkit\t13.0", "driver\t580", "architecture\tsm_80", "unit\tcopy\tcopy.fatbin\tabc", "later\trecord",
        "kernel\tcopy\tgatun_copy\tthreads=128\tparams=12", "field\tgatun_copy\tx\tptr\t0\t8", "field\tgatun_copy\tn\ti32\t8\t4",
        "tile\tgatun_copy\trows\t16", "dtype\tF32\t" + DType.F32.ordinal());
    assertThat(manifest.toolkit()).contains("13.0");
    assertThat(manifest.driver()).isEqualTo(580);
    assertThat(manifest.units()).containsExactly(new Manifest.Unit("copy", "copy.fatbin", "abc"));
    assertThat(manifest.has("copy")).isTrue();
    Kernel copy = manifest.kernel("copy");
    assertThat(copy.threads()).isEqualTo(128);
    assertThat(copy.parameterBytes()).isEqualTo(12);
    assertThat(copy.tile("rows")).isEqualTo(16);
    assertThat(copy.fields().values()).containsExactly(
        new Manifest.Field("x", "ptr", 0, 8), new Manifest.Field("n", "i32", 8, 4));
  }

  @ParameterizedTest
  @ValueSource(strings = {"hello", "gatun-cuda-manifest", "gatun-cuda-manifest\t2", "\n", "unit\tcopy\tcopy.fatbin"})
  void anotherFileIsRefused(String text) {
    assertThatThrownBy(() -> Manifest.parse("the manifest", text)).isInstanceOf(GatunException.class)
        .hasMessageStartingWith("the manifest, line 1: ").hasMessageContaining("build the kernels anew");
  }

  @Test
  void anEmptyFileIsRefused() {
    assertThatThrownBy(() -> Manifest.parse("the manifest", "")).isInstanceOf(GatunException.class)
        .hasMessageContaining("the manifest is empty");
  }

  @ParameterizedTest
  @ValueSource(strings = {"unit\tcopy", "driver\tnew", "driver\t99999999999", "kernel\tcopy\tgatun_copy\t128\t12", "kernel\tcopy",
      "kernel\tc\tk\tthreads=x\tparams=1", "field\tgatun_copy\tx\tptr\t0", "field\tgatun_copy\tx\tptr\tzero\t8",
      "tile\tgatun_copy\trows\tmany", "dtype\tF32\t63", "dtype\tF33\t0", "dtype\tF32",
      "architecture\tsm_", "architecture\tavx2"})
  void aLineThatMakesNoSenseIsNamed(String line) {
    assertThatThrownBy(() -> parsed("toolkit\t13.0", line)).isInstanceOf(GatunException.class)
        .hasMessage("the manifest, line 3: cannot read '" + line + "'; build the kernels anew");
  }

  @Test
  void whatIsNotThereMeansThatTheJarsDiffer() {
    Manifest manifest = parsed("unit\tcopy\tcopy.fatbin", "kernel\tcopy\tgatun_copy\tthreads=128\tparams=12");
    assertThatThrownBy(() -> manifest.kernel("paste")).isInstanceOf(GatunException.class)
        .hasMessage("the manifest has no kernel paste; use matching versions of gatun-cuda and its kernels");
    assertThatThrownBy(() -> manifest.kernel("copy").tile("rows")).isInstanceOf(GatunException.class)
        .hasMessage("kernel copy states no tile number rows; use matching versions of gatun-cuda and its kernels");
    assertThatThrownBy(() -> manifest.unit("paste")).isInstanceOf(GatunException.class)
        .hasMessage("the manifest has no unit paste; build the kernels anew");
  }

  /** CUDA C++ Programming Guide, compute capabilities: machine code runs on its major version from its minor on, PTX on all later ones. */
  @ParameterizedTest
  @CsvSource({"sm_80, 80, true", "sm_80, 86, true", "sm_86, 80, false", "sm_80, 90, false", "compute_80, 90, true", "compute_80, 75, false",
      "compute_90, 120, true", "sm_90a, 90, true", "sm_120a, 121, false", "compute_90a, 100, false", "sm_120, 121, true"})
  void imagesServeTheDevicesThatCanRunThem(String architecture, int capability, boolean served) {
    assertThat(parsed("architecture\t" + architecture).serves(capability)).isEqualTo(served);
  }

  @Test
  void ptxIsNoMachineCode() {
    Manifest manifest = parsed("architecture\tsm_80", "architecture\tcompute_80");
    assertThat(manifest.hasMachineCode(86)).isTrue();
    assertThat(manifest.hasMachineCode(100)).isFalse();
    assertThat(manifest.serves(100)).isTrue();
  }

  /** Code made for 8.0 does not wait for kernels before it, on whichever device it runs. */
  @ParameterizedTest
  @CsvSource({"sm_80, compute_80, 90, false", "sm_80, compute_90, 90, true", "sm_90a, compute_80, 90, true", "sm_90a, compute_80, 100, false",
      "sm_90a, compute_90, 120, true", "sm_80, compute_90, 80, false"})
  void itIsKnownWhetherWhatRunsWasMadeForADeviceThatNew(String first, String second, int capability, boolean made) {
    assertThat(parsed("architecture\t" + first, "architecture\t" + second).serves(capability, 90)).isEqualTo(made);
  }

  @Test
  void aKernelThatWaitsForThoseBeforeItSaysSo() {
    Manifest manifest = parsed("kernel\tcopy\tgatun_copy\tthreads=128\tparams=12", "kernel\tcopy\tgatun_move\tthreads=128\tparams=12",
        "tile\tgatun_copy\tprogrammatic\t1");
    assertThat(manifest.kernel("copy").programmatic()).isTrue();
    assertThat(manifest.kernel("move").programmatic()).isFalse();
  }

  @Test
  void theEmulatorsImagesServeEveryDevice() {
    assertThat(parsed().serves(75)).isTrue();
  }
}
