package dev.gatun.decoder.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class BenchReportTest {
  private static final String CEILING = """
      {"source":"gatun","kernel":"ceiling","case":"copy and matmul","status":"measured","gb_per_s":4000.0,"tflop_per_s":500.0,"scale":"full",
       "backend":"cuda","device":"a GPU","commit":"abc","driver":"580"}
      """;
  private static final String ROWS = CEILING + """
      {"source":"gatun","kernel":"matmul","case":"square bf16 4096","status":"measured","type":"bf16","bytes":100663296,"flops":137438953472,"time_us":200.0,
       "gb_per_s":503.3,"tflop_per_s":687.2,"plan":"wgemm","tile":"128x256"}
      {"source":"torch","kernel":"matmul","case":"square bf16 4096","status":"measured","type":"bf16","time_us":180.0,"tflop_per_s":763.5,"plan":"cuBLAS bf16"}
      {"source":"torch","kernel":"attention","case":"prefill d=128 h=32/8 8192 causal","status":"measured","time_us":900.0,"plan":"SDPA cudnn_attention"}
      {"source":"torch","kernel":"attention","case":"prefill d=128 h=32/8 8192 causal","status":"measured","time_us":700.0,"plan":"SDPA flash_attention"}
      {"source":"gatun","kernel":"attention","case":"prefill d=128 h=32/8 8192 causal","status":"measured","time_us":1400.0,"bytes":1,"flops":1,"plan":"a","tile":"b"}
      {"source":"gatun","kernel":"attention","case":"decode d=128 h=32/8 bf16 8192 m=1","status":"wrong: an NMSE of 0.3","type":"bf16"}
      [{"model_filename":"llama-3-8b-bf16 (seeded, in no file)","n_prompt":0,"n_gen":128,"n_depth":0,"n_sequences":1,"median_ts":200.0,"gb_per_s":3000.0,
        "device_us_per_step":4900.0,"host_us_per_step":3.5,"submit_us":2.0,"read_us":4.0,"samples_ts":[199,200,201],"device":{"name":"x"}},
       {"model_filename":"llama-3-8b-q4_0 (seeded, in no file)","n_prompt":0,"n_gen":128,"n_depth":0,"n_sequences":1,"median_ts":600.0,"gb_per_s":2700.0},
       {"model_filename":"llama-3-8b-q4_0 (seeded, in no file)","n_prompt":512,"n_gen":0,"n_depth":0,"n_sequences":1,"median_ts":12345.0}]
      {"source":"torch","kernel":"decode","case":"llama-3-8b bf16 depth=0 m=1","status":"measured","tokens_per_s":190.0}
      {"source":"gatun","kernel":"matmul","ca""";

  private final String report = new BenchReport(MeasuredRows.of(ROWS)).markdown();

  @Test
  void targetsAreFilledFromTheRowsOfTheSameRun() {
    assertThat(report).contains("| decode llama-3-8b bf16, share of the copy bandwidth | 85 % | 75.0 % | 3000 of 4000 GB/s |",
        "| decode llama-3-8b q4_0, share of the copy bandwidth | 70 % | 67.5 % | 2700 of 4000 GB/s |",
        "| decode llama-3-8b in 4 bits, times bf16 | 3.5 | 3.00 | 600 and 200 tokens/s |",
        "| matmul square bf16 4096, times cuBLAS | 1.0 | 0.90 | 687 TFLOP/s |",
        "| attention prefill d=128 h=32/8 8192 causal, times the fastest SDPA | 1.0 | 0.50 |");
  }

  @Test
  void whatIsMissingOrWrongHasItsPlace() {
    assertThat(report).contains("| decode llama-3.2-1b bf16, share of the copy bandwidth | 78 % | not measured |",
        "| matmul square bf16 8192, times cuBLAS | 1.0 | not measured |",
        "| attention decode d=128 h=32/8 bf16 8192 m=1 | | | | wrong: an NMSE of 0.3 |",
        "| llama-3-8b | q4_0 | 12345 | not measured |", "| qwen3-4b | f8_e4m3 | no such GGUF type | no such GGUF type |",
        "| llama-3-8b | bf16, PyTorch | 190 |");
    for (KernelCase wanted : KernelBench.cases(true)) {
      assertThat(report).contains("| " + wanted + " | ");
    }
  }

  @Test
  void floorsAreAtTheBestCeilingsOfTheRun() {
    // 137.4 GFLOP at the peer's 763.5 TFLOP/s, not at the 500 of the ceiling row
    assertThat(report).contains("| matmul square bf16 4096 | 100663296 | 137438953472 | 180 | 200 | 90.0 % |").contains("| 0.90 (cuBLAS bf16) | wgemm, 128x256 |");
  }

  @Test
  void theHostsShareIsTold() {
    assertThat(report).contains("| llama-3-8b-bf16 (seeded, in no file) | 0 | 1 | 4900 | 3.50 | 2.00 | 4.00 |");
  }

  @Test
  void figuresOfSmallSizesFillNoTarget() {
    String small = new BenchReport(MeasuredRows.of(ROWS.replace("\"scale\":\"full\"", "\"scale\":\"small\""))).markdown();
    assertThat(small).contains("the figures mean nothing", "| decode llama-3-8b bf16, share of the copy bandwidth | 85 % | not measured |");
  }

  @Test
  void aRunWithoutAnythingIsAReportToo() {
    assertThat(new BenchReport(new MeasuredRows(List.of())).markdown()).contains("No ceilings were measured", "not measured");
    assertThat(new BenchReport(new MeasuredRows(List.of())).plot()).startsWith("<svg").endsWith("</svg>\n");
  }

  @Test
  void thePlotHasADotForEachRowAndNoneOutside() {
    String plot = new BenchReport(MeasuredRows.of(ROWS)).plot();
    assertThat(plot.split("<title>")).hasSize(3);
    assertThat(plot).contains("matmul square bf16 4096: 200.0 of 180.0");
    Pattern.compile("c[xy]=\"([0-9.]+)\" c?y?").matcher(plot).results().map(place -> Double.parseDouble(place.group(1)))
        .forEach(place -> assertThat(place).isBetween(0.0, 660.0));
  }
}
