package dev.gatun.decoder.cli.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class BenchmarkReportTest {
  private static final String EVIL = "<script>alert('1')</script> & \\\"x\\\" | `y`";
  private static final String CEILING = """
      {"source":"gatun","kernel":"ceiling","case":"copy and matmul","status":"measured","gb_per_s":100.0,"tflop_per_s":10.0,"scale":"full","backend":"cpu",
       "device":"AMD EPYC","commit":"abc"}
      """;
  private static final String KERNEL = """
      {"source":"gatun","kernel":"matmul","case":"%s","status":"measured","bytes":1000000,"flops":10000000,"time_us":20.0,"least_us":19.0,"most_us":22.0,
       "ratio_to_floor":0.5,"gb_per_s":50.0,"tflop_per_s":0.5,"plan":"p","tile":"t"}
      """;

  @TempDir Path folder;

  private Path file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private static String jmh(String name, double factor) {
    List<String> samples = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      samples.add(Double.toString(factor * (100 + i)));
    }
    return """
        {"jmhVersion":"1.37","benchmark":"dev.gatun.bench.operator.%s.run","mode":"avgt","forks":1,"params":{"backend":"cpu","dtype":"q4_0","rows":"128"},
         "primaryMetric":{"score":%s,"scoreError":"NaN","scoreUnit":"ns/op","rawData":[[%s]]},
         "secondaryMetrics":{"gbPerSecond":{"score":40.0},"tflopPerSecond":{"score":0.04},"rooflineShare":{"score":0.4}}}""".formatted(name, 100 * factor,
        String.join(",", samples));
  }

  private static String rate(String from, String model, String samples) {
    return """
        {%s,"backends":"CPU","model_filename":"%s","n_threads":2,"n_prompt":0,"n_gen":32,"n_depth":128,"avg_ts":20.0,"stddev_ts":0.5,"samples_ts":[%s]}"""
        .formatted(from, model, samples);
  }

  private static Document parsed(String page) {
    try {
      DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
      return factory.newDocumentBuilder().parse(new InputSource(new StringReader(page.replace("<!DOCTYPE html>", ""))));
    } catch (Exception e) {
      throw new AssertionError("not well-formed: " + e.getMessage(), e);
    }
  }

  private static List<Element> all(Document page, String tag, String style) {
    List<Element> found = new ArrayList<>();
    NodeList nodes = page.getElementsByTagName(tag);
    for (int i = 0; i < nodes.getLength(); i++) {
      Element element = (Element) nodes.item(i);
      if ((" " + element.getAttribute("class") + " ").contains(" " + style + " ")) {
        found.add(element);
      }
    }
    return found;
  }

  private static List<Element> dots(Document page) {
    return all(page, "path", "dot").stream().filter(dot -> dot.hasAttribute("transform")).toList();
  }

  @Test
  void dotsLieWhereTheirFiguresPutThem() throws IOException {
    Document page = parsed(BenchmarkReport.of(List.of(file("k.json", CEILING + KERNEL.formatted("square"))), List.of()).html());
    List<Element> dots = dots(page);
    assertThat(dots).hasSize(1);
    assertThat(dots.getFirst().getTextContent()).isEqualTo("matmul square: 0.500 TFLOP/s, 50.0 GB/s, 10.0 flop/byte");
    Matcher place = Pattern.compile("translate\\(([0-9.]+) ([0-9.]+)\\)").matcher(dots.getFirst().getAttribute("transform"));
    assertThat(place.matches()).isTrue();
    // 10 flop/byte on 10 to 100; 0.5 TFLOP/s on 0.1 to 10, two decades.
    assertThat(Double.parseDouble(place.group(1))).isCloseTo(92, within(0.06));
    assertThat(Double.parseDouble(place.group(2))).isCloseTo(420 - (420 - 26) * (Math.log10(0.5) + 1) / 2, within(0.06));
    // The roof: at 10 flop/byte 100 GB/s allow 1 TFLOP/s, the middle of the two decades; at 100 the products' 10.
    Element rising = all(page, "line", "roof").getFirst();
    assertThat(Double.parseDouble(rising.getAttribute("x1"))).isCloseTo(92, within(0.06));
    assertThat(Double.parseDouble(rising.getAttribute("y1"))).isCloseTo((420 + 26) / 2.0, within(0.06));
    assertThat(Double.parseDouble(rising.getAttribute("x2"))).isCloseTo(722, within(0.06));
    assertThat(Double.parseDouble(rising.getAttribute("y2"))).isCloseTo(26, within(0.06));
  }

  @Test
  void everyToolsResultsStandOnOnePage() throws IOException {
    file("jmh.facts.json", """
        {"format":"gatun-bench-facts","version":1,"commit":"abc","flags":["-Xmx2g"],
         "backends":{"cpu":{"device":"AMD EPYC","copyBytesPerSecond":100e9,"productFlopsPerSecond":2e12,"product":"gatun"}},
         "missing":[{"outcome":"not_run","benchmark":"dev.gatun.bench.call.CallBenchmark.jni","parameters":{"library":"cuda"},"reason":"no libcuda.so.1: install a driver"},
                    {"outcome":"wrong","benchmark":"dev.gatun.bench.operator.RopeBenchmark.run","parameters":{},"reason":"an NMSE of 0.3"}]}""");
    BenchmarkReport report = BenchmarkReport.of(List.of(file("jmh.json", "[" + jmh("MatmulBenchmark", 1) + "," + jmh("AttentionDecodeBenchmark", 1) + "]"),
        file("k.json", CEILING + KERNEL.formatted("square") + "{\"kernel\":\"rope\",\"case\":\"a\",\"status\":\"not measured: out of time\"}"),
        file("g.json", "[" + rate("\"gatun_version\":\"0.1\",\"backend\":\"cpu\"", "x-q8_0.gguf", "19,20,24") + "]"),
        file("l.json", "[" + rate("\"build_commit\":\"b1\"", "/m/x-q8_0.gguf", "9,10,11") + "]"),
        file("p.json", "{\"source\":\"torch\",\"kernel\":\"decode\",\"case\":\"x q8_0 depth=128 m=1\",\"status\":\"measured\",\"tokens_per_s\":5.0}")), List.of());
    Document page = parsed(report.html());
    assertThat(dots(page)).hasSize(3);
    assertThat(all(page, "table", "bars")).singleElement().satisfies(table -> {
      assertThat(table.getTextContent()).contains("x-q8_0 · tg32 @ d128", "gatun cpu, 2 threads", "20.0 tokens/s", "19.0 to 24.0", "llama.cpp cpu, 2 threads", "50 % of that",
          "torch", "5.00 tokens/s");
      NodeList bars = table.getElementsByTagName("rect");
      double[] widths = {995 * 20.0 / 24, 995 * 10.0 / 24, 995 * 5.0 / 24};
      for (int i = 0; i < widths.length; i++) {
        assertThat(Double.parseDouble(((Element) bars.item(i)).getAttribute("width"))).isCloseTo(widths[i], within(0.06));
      }
    });
    String text = page.getDocumentElement().getTextContent();
    assertThat(text).contains("attention_decode q4_0 rows=128", "1 answer was wrong", "rope", "wrong: an NMSE of 0.3", "call jni cuda", "no libcuda.so.1: install a driver",
        "not measured: out of time", "AMD EPYC", "backends cpu copy Bytes Per Second");
    assertThat(report.markdown()).contains("| matmul q4\\_0 rows=128 | cpu | 103 (100 to 105) | ns/op | 40.0 | 0.0400 | 40 % |", "| rope a | not measured: out of time |",
        "| x-q8\\_0 | tg32 @ d128 | llama.cpp cpu, 2 threads | 10.0 (9.00 to 11.0) | 50 % |");
  }

  @Test
  void whatGotSlowerIsToldFromWhatDidNot() throws IOException {
    Path base = file("old.json", "[" + jmh("MatmulBenchmark", 1) + "," + jmh("RopeBenchmark", 1) + "," + jmh("NormBenchmark", 1) + "," + jmh("GoneBenchmark", 1) + "]");
    Path now = file("new.json", "[" + jmh("MatmulBenchmark", 1.2) + "," + jmh("RopeBenchmark", 1.001) + "," + jmh("NormBenchmark", 0.8) + "," + jmh("FreshBenchmark", 1) + "]");
    Comparison both = Comparison.of(ResultFiles.of(List.of(base)), ResultFiles.of(List.of(now)));
    assertThat(both.rows()).extracting(Comparison.Row::name, Comparison.Row::verdict).containsExactly(
        tuple("matmul q4_0 rows=128, cpu", Comparison.Verdict.SLOWER),
        tuple("norm q4_0 rows=128, cpu", Comparison.Verdict.FASTER),
        tuple("rope q4_0 rows=128, cpu", Comparison.Verdict.SAME));
    assertThat(both.onlyBefore()).containsExactly("gone q4_0 rows=128, cpu");
    assertThat(both.onlyNow()).containsExactly("fresh q4_0 rows=128, cpu");
    String html = BenchmarkReport.of(List.of(now), List.of(base)).html();
    assertThat(parsed(html).getElementsByTagName("h1").item(0).getTextContent()).isEqualTo("1 slower, 1 faster, of 3 compared");
    assertThat(html).contains("+20.0 %", "−20.0 %", " slower</td>", "no difference shown");
  }

  @Test
  void moreTokensAreFasterAndThreeRepeatsShowNothing() throws IOException {
    Path base = file("old.json", "[" + rate("\"gatun_version\":\"0.1\"", "x.gguf", "10,10.1,10.2") + "," + rate("\"gatun_version\":\"0.1\"", "y.gguf", "10,11,12,13,14") + "]");
    Path now = file("new.json", "[" + rate("\"gatun_version\":\"0.2\"", "x.gguf", "20,20.1,20.2") + "," + rate("\"gatun_version\":\"0.2\"", "y.gguf", "20,21,22,23,24") + "]");
    assertThat(Comparison.of(ResultFiles.of(List.of(base)), ResultFiles.of(List.of(now))).rows()).extracting(Comparison.Row::verdict)
        .containsExactly(Comparison.Verdict.FASTER, Comparison.Verdict.UNKNOWN);
  }

  @Test
  void namesFromFilesAreTextAndNothingElse() throws IOException {
    Path evil = file("k.json", CEILING.replace("AMD EPYC", EVIL) + KERNEL.formatted(EVIL) + "{\"kernel\":\"rope\",\"case\":\"\\u202e\",\"status\":\"" + EVIL + "\"}");
    Path rates = file("r.json", "[" + rate("\"gatun_version\":\"<b>\"", EVIL + ".gguf", "1,2") + "]");
    BenchmarkReport report = BenchmarkReport.of(List.of(evil, rates), List.of(evil));
    Document page = parsed(report.html());
    assertThat(page.getElementsByTagName("script").getLength()).isZero();
    assertThat(page.getElementsByTagName("b").getLength()).isZero();
    assertThat(dots(page).getFirst().getTextContent()).startsWith("matmul <script>alert('1')</script> & \"x\" | `y`: ");
    assertThat(report.html()).contains("\\u202e").doesNotContain("\u202e");
    assertThat(report.markdown()).doesNotContain("\u202e").doesNotContainPattern("[^\\\\]<script").contains("\\<script\\>alert('1')\\</script\\> & \"x\" \\| \\`y\\`");
  }

  @Test
  void thePageNeedsNothingOutsideItself() throws IOException {
    String html = BenchmarkReport.of(List.of(file("k.json", CEILING + KERNEL.formatted("square"))), List.of()).html();
    assertThat(html.replace("xmlns=\"http://www.w3.org/2000/svg\"", "")).doesNotContain("http:", "https:", "url(", "@import", "src=", "<link");
    assertThat(html).contains("prefers-color-scheme: dark", "@media print", "role=\"img\"", "lang=\"en\"");
  }

  @Test
  void figuresThatMeanNothingSaySo() throws IOException {
    assertThat(BenchmarkReport.of(List.of(file("k.json", CEILING.replace("\"cpu\"", "\"cuda-emulated\""))), List.of()).html()).contains("its figures mean nothing");
    assertThat(BenchmarkReport.of(List.of(file("k.json", CEILING.replace("\"full\"", "\"small\""))), List.of()).markdown()).contains("its figures mean nothing");
    assertThat(BenchmarkReport.of(List.of(file("k.json", CEILING)), List.of()).html()).doesNotContain("its figures mean nothing");
  }

  @Test
  void partsOfARunThatFailedAreNamed() throws IOException {
    file("kernels.out", CEILING);
    file("bench-a.out", "");
    file("bench-a.err", "WARNING: x\ngatun: backend cuda: no libcuda.so.1\n");
    file("backends.out", "words for people\n");
    file("report.json", "[]");
    BenchmarkReport report = BenchmarkReport.in(folder, List.of());
    assertThat(report.markdown()).contains("| bench-a | gatun: backend cuda: no libcuda.so.1 |").doesNotContain("backends");
  }
}
