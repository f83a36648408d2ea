import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ManifestFileTest {
  private static final String EMULATED = String.join("\n", List.of(
      "gatun-cuda-manifest\t1",
      "unit\tnorms\tnorms.emulated\taa",
      "kernel\tnorms\tgatun_rms_norm_256\tthreads=256\tparams=128",
      "field\tgatun_rms_norm_256\tx\trows\t0\t56",
      "field\tgatun_rms_norm_256\twidth\ti32\t120\t4",
      "tile\tgatun_rms_norm_256\trows\t4",
      "dtype\tF32\t0",
      "sources\tbb")) + "\n";

  @Test
  void keepsKernelsAndReplacesImages() {
    ManifestFile merged = parse(EMULATED)
        .with(List.of(List.of("toolkit", "13.0.88"), List.of("driver", "580"), List.of("architecture", "sm_80")),
        Map.of("norms", new ManifestFile.Image("norms.fatbin", "cc")), "dd");
    assertThat(merged.text()).isEqualTo(String.join("\n", List.of(
        "gatun-cuda-manifest\t1",
        "toolkit\t13.0.88",
        "driver\t580",
        "architecture\tsm_80",
        "unit\tnorms\tnorms.fatbin\tcc",
        "kernel\tnorms\tgatun_rms_norm_256\tthreads=256\tparams=128",
        "field\tgatun_rms_norm_256\tx\trows\t0\t56",
        "field\tgatun_rms_norm_256\twidth\ti32\t120\t4",
        "tile\tgatun_rms_norm_256\trows\t4",
        "dtype\tF32\t0",
        "sources\tdd")) + "\n");
    assertThat(ManifestFile.parse("again", merged.text())).isEqualTo(merged);
  }

  @Test
  void namesItsKernels() {
    assertThat(parse(EMULATED).kernels()).containsExactly("gatun_rms_norm_256");
  }

  @Test
  void aUnitWithoutAKernelIsRefused() {
    ManifestFile.Image image = new ManifestFile.Image("x", "y");
    assertThatThrownBy(() -> parse(EMULATED).with(List.of(), Map.of("norms", image, "empty", image), "s"))
        .isInstanceOf(BuildFailure.class).hasMessage("no GATUN_KERNEL in the unit empty; give it one or take the file away");
  }

  @Test
  void aKernelWithoutAnImageIsRefused() {
    assertThatThrownBy(() -> parse(EMULATED).with(List.of(), Map.of(), "s"))
        .isInstanceOf(BuildFailure.class).hasMessageContaining("unit norms have no image");
  }

  @Test
  void aKernelDeclaredTwiceIsRefused() {
    String twice = EMULATED + "kernel\tnorms\tgatun_rms_norm_256\tthreads=128\tparams=128\n";
    assertThatThrownBy(() -> parse(twice).with(List.of(), Map.of("norms", new ManifestFile.Image("x", "y")), "s"))
        .isInstanceOf(BuildFailure.class).hasMessage("the kernel gatun_rms_norm_256 is declared twice");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "''|emulated is empty",
      "dtype F32 0|emulated:1: expected gatun-cuda-manifest 1, found dtype F32 0",
      "gatun-cuda-manifest 2|emulated:1: expected gatun-cuda-manifest 1, found gatun-cuda-manifest 2",
      "gatun-cuda-manifest 1;colour red|emulated:2: unknown record colour",
      "gatun-cuda-manifest 1;kernel norms|emulated:2: a record kernel has 5 fields, not 2"})
  void badTextIsRefusedWithItsPlace(String text, String message) {
    assertThatThrownBy(() -> parse(text.replace(' ', '\t').replace(';', '\n'))).isInstanceOf(BuildFailure.class).hasMessage(message);
  }

  private static ManifestFile parse(String text) {
    return ManifestFile.parse("emulated", text);
  }
}
