import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ResourceRecordTest {
  private static final ManifestFile MANIFEST = ManifestFile.parse("manifest", String.join("\n", "gatun-cuda-manifest\t1",
      "kernel\tgemm\tgatun_gemm\tthreads=256\tparams=152", "kernel\twide\tgatun_wide\tthreads=384\tparams=8",
      "tile\tgatun_gemm\tshared\t32768", "tile\tgatun_gemm\tin_flight\t8192", "tile\tgatun_wide\tcapability\t90"));

  private static ResourceRecord built(int registers) {
    return ResourceRecord.of("13.0.88", new ResourceReport(List.of(
        new ResourceReport.Usage("gatun_gemm", "sm_80", registers, 64, 0, 0, 0),
        new ResourceReport.Usage("gatun_gemm", "sm_90a", registers, 64, 0, 0, 0),
        new ResourceReport.Usage("gatun_gemm", "sm_120", registers, 64, 0, 0, 0),
        new ResourceReport.Usage("gatun_wide", "sm_80", 4, 0, 0, 0, 0),
        new ResourceReport.Usage("gatun_wide", "sm_90a", 168, 0, 0, 0, 0))), MANIFEST);
  }

  @Test
  void tellsOccupancyAndBytesInFlightWhereTheyAreKnown() {
    assertThat(built(64).rows().values().stream().map(row -> String.join(" ", row.cells()))).containsExactly(
        "gatun_gemm sm_80 256 64 64 32768 0 4 registers 32768",
        "gatun_gemm sm_90a 256 64 64 32768 0 4 registers 32768",
        "gatun_wide sm_90a 384 168 0 - 0 1 registers -");
  }

  @Test
  void whatIsWrittenIsReadAgain() {
    assertThat(ResourceRecord.parse(built(64).text())).isEqualTo(built(64));
  }

  @Test
  void tellsWhatHasChangedAndHowToRecordIt() {
    assertThat(built(64).complaints(built(64), List.of("sm_80", "sm_90a"))).isEmpty();
    assertThat(built(64).complaints(built(120), List.of("sm_80", "sm_90a"))).singleElement().asString()
        .contains("gatun_gemm sm_90a: registers 64 -> 120, blocks 4 -> 2, in_flight 32768 -> 16384", "-Dgatun.resources.record=true");
  }

  @Test
  void tellsOfKernelsThatCameAndWent() {
    ResourceRecord none = ResourceRecord.of("13.0.88", new ResourceReport(List.of()), MANIFEST);
    assertThat(none.changes(built(64), List.of("sm_80", "sm_90a"))).hasSize(3).contains("gatun_wide sm_90a is not recorded");
    assertThat(built(64).changes(none, List.of("sm_80", "sm_90a"))).hasSize(3).contains("gatun_gemm sm_80 is recorded and not there any more");
    assertThat(built(64).changes(none, List.of("sm_80"))).as("what was not compiled for is not judged").hasSize(1);
  }

  @Test
  void aLineThatIsCutOffIsRefused() {
    assertThatThrownBy(() -> ResourceRecord.parse("toolkit 13.0.88\ngatun_gemm sm_80 256\n")).isInstanceOf(BuildFailure.class)
        .hasMessageContaining("resources.txt:2");
  }
}
