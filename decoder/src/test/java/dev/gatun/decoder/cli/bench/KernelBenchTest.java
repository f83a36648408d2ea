package dev.gatun.decoder.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Add;
import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.Gatun;
import dev.gatun.GatunException;
import dev.gatun.Matmul;
import dev.gatun.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class KernelBenchTest {
  private static final KernelBench.Ceilings CEILINGS = new KernelBench.Ceilings(1e9, 1e9);
  private static Backend cpu;

  @BeforeAll
  static void open() {
    cpu = Gatun.open("cpu");
  }

  @AfterAll
  static void close() {
    cpu.close();
  }

  @Test
  void everyKindOfCaseIsCheckedAndMeasured() {
    List<KernelCase> one = KernelBench.cases(false).stream().filter(wanted -> !wanted.name().contains("f8_e4m3"))
        .collect(Collectors.toMap(wanted -> wanted.kernel() + wanted.sizes().get("type"), Function.identity(), (a, b) -> a)).values().stream().toList();
    assertThat(one).extracting(KernelCase::kernel).contains("matmul", "attention", "mla_attention", "quantize", "dequantize", "rms_norm", "silu_mul");
    assertThat(rows(one)).allSatisfy(row -> {
      assertThat(row.status()).as(row.wanted().toString()).isEqualTo(KernelRow.MEASURED);
      KernelRow.Figures figures = row.figures().orElseThrow();
      assertThat(figures.median()).isPositive();
      assertThat(figures.bytes()).isPositive();
      assertThat(figures.floor()).isPositive();
      assertThat(row.fields()).containsKeys("time_us", "ratio_to_floor", "gb_per_s", "plan", "error_nmse");
    });
  }

  @Test
  void namesAreThoseOfOneCaseEach() {
    assertThat(KernelBench.cases(true)).extracting(KernelCase::toString).doesNotHaveDuplicates();
    assertThat(KernelBench.cases(true)).extracting(KernelCase::toString)
        .isEqualTo(KernelBench.cases(false).stream().map(KernelCase::toString).toList());
  }

  @Test
  void aWrongAnswerHasNoTime() {
    KernelCase wrong = new KernelCase("add", "wrong", Map.of(), lab -> {
      Tensor y = lab.output(DType.F32, 2, 8);
      return new Trial(List.of(new Add(lab.random(DType.F32, 2, 8), lab.random(DType.F32, 2, 8), y)), index -> 0.5, 1e-3);
    });
    assertThat(rows(List.of(wrong))).singleElement().satisfies(row -> {
      assertThat(row.status()).startsWith("wrong: an NMSE of 0.5");
      assertThat(row.figures()).isEmpty();
      assertThat(row.fields()).doesNotContainKey("time_us");
    });
  }

  @Test
  void theCheckSeesAnAnswerThatIsOff() {
    try (var stream = cpu.newStream(); Lab lab = new Lab(cpu, stream, BenchScale.SMALL, Lab.tiles())) {
      Trial trial = MatmulCases.square(BenchScale.SMALL, DType.F32, 64).layOut().apply(lab);
      assertThat(trial.check().error(0)).as("nothing was written yet").isInfinite();
      Matmul first = (Matmul) trial.copies().getFirst();
      stream.run(first);
      assertThat(trial.check().error(0)).isLessThan(1e-5);
      Tensor other = lab.random(DType.F32, first.x().shape().sizes());
      stream.run(new Matmul(other, first.w(), first.y()));
      assertThat(trial.check().error(0)).as("the product of another x").isGreaterThan(trial.bound());
    }
  }

  @Test
  void whatIsOutOfTimeOrRefusedSaysSo() {
    List<KernelCase> cases = KernelBench.cases(false).subList(0, 2);
    List<KernelRow> late = new ArrayList<>();
    new KernelBench(cpu, false).measure(CEILINGS, cases, System.nanoTime() - 1, late::add);
    assertThat(late).extracting(KernelRow::status).containsOnly("not measured: out of time").hasSize(2);
    KernelCase failing = new KernelCase("add", "failing", Map.of(), lab -> {
      throw new GatunException("no room");
    });
    assertThat(rows(List.of(failing))).extracting(KernelRow::status).containsExactly("not measured: no room");
  }

  @Test
  void copiesOfACaseFillTheCachesAndNoMore() {
    try (var stream = cpu.newStream(); Lab lab = new Lab(cpu, stream, BenchScale.FULL, Lab.tiles())) {
      assertThat(lab.copies(1L << 40)).isEqualTo(1);
      assertThat(lab.copies(64L << 20)).isEqualTo(3);
      assertThat(lab.copies(1)).isEqualTo(64);
    }
  }

  private static List<KernelRow> rows(List<KernelCase> cases) {
    List<KernelRow> rows = new ArrayList<>();
    new KernelBench(cpu, false).measure(CEILINGS, cases, Long.MAX_VALUE, rows::add);
    return rows;
  }
}
