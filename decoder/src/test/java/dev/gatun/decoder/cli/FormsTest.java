package dev.gatun.decoder.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.gatun.BackendUnavailableException;
import dev.gatun.GatunException;
import dev.gatun.ShapeException;
import dev.gatun.decoder.cli.rate.Samples;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class FormsTest {
  @Test
  void samplesAreSummedUp() {
    Samples four = new Samples(4, 1, 3, 2);
    assertThat(four.median()).isEqualTo(2.5);
    assertThat(four.least()).isEqualTo(1);
    assertThat(four.most()).isEqualTo(4);
    assertThat(four.mean()).isEqualTo(2.5);
    assertThat(four.deviation()).isCloseTo(1.2909944487358056, within(1e-12));
    assertThat(new Samples(5, 9, 7).median()).isEqualTo(7);
    assertThat(new Samples(5).deviation()).isZero();
    assertThat(new Samples(2e9, 1e9).perSecond(10).values()).containsExactly(5, 10);
    assertThat(Figures.shown(four, 1)).isEqualTo("2.5 (1.0 to 4.0)");
  }

  @Test
  void numbersAreScaled() {
    assertThat(Units.bytes(0)).isEqualTo("0 B");
    assertThat(Units.bytes(999)).isEqualTo("999 B");
    assertThat(Units.bytes(1_314_000_000L)).isEqualTo("1.31 GB");
    assertThat(Units.bytes(999_960)).isEqualTo("1.00 MB");
    assertThat(Units.rate(17.83e9)).isEqualTo("17.8 GB/s");
    assertThat(Units.count(1_235_814_400L)).isEqualTo("1.24B");
    assertThat(Units.count(135_000_000L)).isEqualTo("135M");
    assertThat(Units.seconds(1_234_000_000L)).isEqualTo("1.23 s");
    assertThat(Units.seconds(4_560_000L)).isEqualTo("4.6 ms");
    assertThat(Units.seconds(456_000_000L)).isEqualTo("456 ms");
  }

  @Test
  void numbersThatJsonLacksAreNull() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (Json json = Json.compact(new PrintStream(bytes, true, StandardCharsets.UTF_8))) {
      json.object().put("a", Double.NaN).put("b", Float.POSITIVE_INFINITY).put("c", new float[] {0.1f, Float.NaN}).put("d", 1e-5f)
          .put("e", "ä\n\"").endObject();
    }
    assertThat(bytes.toString(StandardCharsets.UTF_8)).isEqualTo("{\"a\":null,\"b\":null,\"c\":[0.1,null],\"d\":1.0E-5,\"e\":\"ä\\n\\\"\"}"
        + System.lineSeparator());
  }

  @Test
  void anyFailureIsOneLine() {
    assertThat(line(new GatunException("none works here:\n  cpu: no\n  cuda: no"))).isEqualTo("gatun: none works here: cpu: no; cuda: no");
    assertThat(line(new GatunException("file \u001b[31m"))).isEqualTo("gatun: file \\u001b[31m");
    assertThat(line(new NullPointerException("x\ny"))).startsWith("gatun: internal error: ").contains("GATUN_DEBUG=1");
    assertThat(line(new OutOfMemoryError("Java heap space"))).startsWith("gatun: out of memory (Java heap space)");
    assertThat(line(new StackOverflowError())).startsWith("gatun: internal error: ");
  }

  @Test
  void failureThatNamesNoFileGetsTheModels() {
    CommandLine command = new CommandLine(CommandLine.Model.CommandSpec.create()
        .addOption(CommandLine.Model.OptionSpec.builder("-m", "--model").type(String.class).build()));
    CommandLine.ParseResult parsed = command.parseArgs("-m", "dir/a.gguf");
    assertThat(line(errors -> errors.data(new OutOfMemoryError("Java heap space"), parsed)))
        .startsWith("gatun: dir/a.gguf: out of memory (Java heap space)");
    assertThat(line(errors -> errors.data(new ShapeException("too wide"), parsed))).isEqualTo("gatun: dir/a.gguf: too wide");
    assertThat(line(errors -> errors.data(new GatunException("tensor x of dir/a.gguf"), parsed))).isEqualTo("gatun: tensor x of dir/a.gguf");
    assertThat(line(errors -> errors.data(new BackendUnavailableException("no cuda"), parsed))).isEqualTo("gatun: no cuda");
    assertThat(line(errors -> errors.data(new ShapeException("too wide"), command.parseArgs()))).isEqualTo("gatun: too wide");
  }

  private static String line(Throwable failure) {
    return line(errors -> errors.data(failure));
  }

  private static String line(ToIntFunction<Errors> report) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream err = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    assertThat(report.applyAsInt(new Errors(Terminal.of(err, err)))).isEqualTo(1);
    String text = bytes.toString(StandardCharsets.UTF_8);
    assertThat(text).hasLineCount(1);
    return text.strip();
  }
}
