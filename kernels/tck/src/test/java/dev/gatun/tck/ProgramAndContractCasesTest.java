package dev.gatun.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.BackendOptions;
import dev.gatun.tck.lab.Lab;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which cases of programs and of the contract there are, and that each does what it is there for, by the example backend healthy and broken. */
class ProgramAndContractCasesTest {
  private static List<TestCase> cases(Level level, Scale scale, String family) {
    return Suite.cases(level, scale, ModelShape.builtIn(), Set.of(family));
  }

  @ParameterizedTest
  @EnumSource(Scale.class)
  void everyListedCaseIsFoundByItsLine(Scale scale) {
    for (String family : List.of("program", "contract")) {
      List<TestCase> all = cases(Level.FULL, scale, family);
      assertThat(all).doesNotHaveDuplicates();
      for (TestCase one : all) {
        assertThat(Suite.find(one.line())).isEqualTo(one);
        assertThat(Suite.column(one)).isNotBlank();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Scale.class)
  void levelsHoldThoseBeforeThem(Scale scale) {
    for (String family : List.of("program", "contract")) {
      List<TestCase> quick = cases(Level.QUICK, scale, family);
      Set<TestCase> standard = new HashSet<>(cases(Level.STANDARD, scale, family));
      assertThat(quick).isNotEmpty();
      assertThat(standard).containsAll(quick);
      assertThat(new HashSet<>(cases(Level.FULL, scale, family))).containsAll(standard);
    }
  }

  private static CaseResult run(String line, String defect) {
    try (CaseRunner runner = new CaseRunner(new Lab("example", BackendOptions.none().with("memory", "64M").with("defect", defect), Scale.EMULATED),
        Suite.SEED)) {
      return runner.run(Suite.find(line));
    }
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "fused_norm_without_weight|program()|error",
      "workspace_overflow|program(kind=norm_kept)|error",
      "count_read_when_compiled|program(rows=3, hidden=32, wide=48, count=2)|finite",
      "sum_order_varies|program(kind=matmul_chain)|replay",
      "copies_overtake|program(kind=residual)|finite",
      "unsynchronised_stream|contract(what=synchronize_waits)|promise",
      "unsynchronised_stream|contract(what=read_waits)|promise",
      "copies_overtake|contract(what=copies_keep_their_turn)|promise",
      "unstable_plan|contract(what=plan_is_pure)|promise",
      "unknown_option_ignored|contract(what=option_unknown)|promise",
      "memory_never_given_back|contract(what=freed_memory_is_used_again)|threw",
      "claim_that_throws|contract(what=claims_are_kept)|promise",
      "copy_on_write_forgotten|contract(what=cache_fork_is_apart)|promise",
      "released_pages_kept|contract(what=cache_page_given_up_is_let_go)|promise"
  })
  void eachCatchesWhatItIsThereFor(String defect, String line, String check) {
    assertThat(run(line, "none").verdict()).isEqualTo(Verdict.PASS);
    CaseResult broken = run(line, defect);
    assertThat(broken.verdict()).as(broken.message()).isEqualTo(Verdict.FAIL);
    assertThat(broken.check()).as(broken.message()).isEqualTo(check);
  }

  @ParameterizedTest
  @ValueSource(strings = {"program(kind=layer, rows=4, count=3, past=2)", "program(kind=tokens, rows=6, sequences=3, past=5)",
      "program(kind=temporaries, rows=0)", "program(kind=packed_outputs, rows=2, split=streams)", "contract(what=out_of_memory)",
      "contract(what=foreign_stream)", "contract(what=closed_backend)", "contract(what=threads_give_the_same_bits)"})
  void aHealthyBackendPasses(String line) {
    CaseResult result = run(line, "none");
    assertThat(result.verdict()).as(result.message()).isEqualTo(Verdict.PASS);
  }

  @Test
  void aLineThatMakesNoProgramSaysWhy() {
    assertThatThrownBy(() -> run("program(kind=matmul_chain, wide=33, w=q4_0)", "none")).isInstanceOf(CaseException.class)
        .hasMessageContaining("makes no program").hasMessageContaining("32");
    assertThatThrownBy(() -> run("contract(what=nothing)", "none")).isInstanceOf(CaseException.class).hasMessageContaining("synchronize_waits");
  }

  @Test
  void whatABackendDoesNotMakeReadyOrKeepIsUnsupportedAndTheRestIsExamined() {
    try (CaseRunner runner = new CaseRunner(new Lab("example", BackendOptions.none().with("memory", "64M").with("narrow", "on"), Scale.EMULATED), Suite.SEED)) {
      for (String family : List.of("contract", "program", "kv_cache")) {
        assertThat(cases(Level.QUICK, Scale.EMULATED, family).stream().map(runner::run).filter(result -> result.verdict() == Verdict.FAIL)).isEmpty();
      }
      for (String promise : List.of("cache_changes_keep_their_turn", "cache_is_full", "cache_fork_is_apart", "cache_page_given_up_is_let_go",
          "cache_work_keeps_its_turn", "closed_cache", "closed_twice", "foreign_cache")) {
        assertThat(runner.run(Suite.find("contract(what=" + promise + ")")).verdict()).as(promise).isEqualTo(Verdict.PASS);
      }
      assertThat(runner.run(Suite.find("program(kind=layer)"))).extracting(CaseResult::verdict, CaseResult::message)
          .containsExactly(Verdict.UNSUPPORTED, "example: narrow: caches keep F16 in pages of 16, not f32 in pages of 4");
      assertThat(runner.run(Suite.find("program(w=q4_0)"))).extracting(CaseResult::verdict, CaseResult::message)
          .containsExactly(Verdict.UNSUPPORTED, "example: narrow: weights are F32 or F16, not q4_0");
    }
  }
}
