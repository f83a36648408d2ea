package dev.gatun.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.gatun.BackendOptions;
import dev.gatun.tck.example.Defect;
import dev.gatun.tck.lab.Lab;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The mutation table: every way in which the example backend can be broken on purpose, the family whose cases catch it, the check that fails, and which case
 * it is that one would expect. The example as it is passes everything, so nothing here is a false alarm.
 */
class BrokenBackendsTest {
  private static final int SHOWN = 3;
  private static final int HANGS_AFTER = 30;

  /**
   * A row of the table.
   *
   * @param defect what is broken
   * @param family whose quick cases must catch it
   * @param checks the checks of which one must fail
   * @param telling what the line of a failing case must hold: the flag, size or input that shows the defect
   */
  private record Row(Defect defect, String family, Set<String> checks, Pattern telling) {
    @Override
    public String toString() {
      return defect.label() + " by " + family;
    }
  }

  private static Row row(Defect defect, String family, String checks, String telling) {
    return new Row(defect, family, Set.of(checks.split("\\|")), Pattern.compile(telling));
  }

  static Stream<Row> table() {
    return Stream.of(
        row(Defect.MASK_OFF_BY_ONE, "attention", "error|element|finite", "context="),
        row(Defect.ATTENTION_SCALE_FORGOTTEN, "attention", "error|element|finite", "scale=|size="),
        row(Defect.WINDOW_IGNORED, "attention", "error|element", "window="),
        row(Defect.WINDOW_OFF_BY_ONE, "attention", "error|element", "window="),
        row(Defect.GQA_HEADS_INTERLEAVED, "attention", "error|element", "group="),
        row(Defect.ATTENTION_SOFTCAP_IGNORED, "attention", "error|element", "softcap="),
        row(Defect.SINK_FORGOTTEN, "attention", "error|element", "sinks=yes"),
        row(Defect.STALE_KV_READ, "attention", "finite", "context="),
        row(Defect.KEY_PAST_THE_END, "attention", "finite|error|element", "causal=no"),
        row(Defect.ROPE_PAIRS_SWAPPED, "rope", "error|element", "rope"),
        row(Defect.ROPE_IN_PLACE, "rope", "error|element", "inplace=yes"),
        row(Defect.ROPE_TAIL_NOT_COPIED, "rope", "error|element|finite", "dims="),
        row(Defect.APPEND_AT_ROW, "kv_append", "cache|finite|exact", "kv_append"),
        row(Defect.COPY_ON_WRITE_FORGOTTEN, "kv_cache", "cache|finite|error|exact", "fork"),
        row(Defect.RELEASED_PAGES_KEPT, "kv_cache", "cache|finite|error|exact", "kv_cache"),
        row(Defect.Q4_0_SCALE_FORGOTTEN, "matmul", "error|element", "w=q4_0"),
        row(Defect.Q4_0_NIBBLES_IN_PAIRS, "dequantize", "exact", "q4_0"),
        row(Defect.BIAS_FORGOTTEN, "matmul", "error|element", "bias=yes"),
        row(Defect.SUM_ORDER_VARIES, "matmul", "repeat|replay", "matmul"),
        row(Defect.NEIGHBOURS_SHARE_A_SCALE, "matmul", "neighbours", "rows="),
        row(Defect.WORKSPACE_OVERFLOW, "program", "fused|error|element|finite|workspace", "program"),
        row(Defect.SILENT_FALLBACK, "matmul", "fallback", "k="),
        row(Defect.FUSED_NORM_WITHOUT_WEIGHT, "program", "fused|error|element", "norm"),
        row(Defect.WRITE_PAST_THE_END, "rms_norm", "guards", "rms_norm"),
        row(Defect.WRITE_BEFORE_THE_START, "mul", "guards", "mul"),
        row(Defect.ROWS_PAST_THE_COUNT, "add", "guards", "count="),
        row(Defect.COUNT_READ_WHEN_COMPILED, "program", "replay|error|finite|guards|element", "program"),
        row(Defect.STRIDES_IGNORED, "silu_mul", "error|finite|element", "lies=strided"),
        row(Defect.ALIGNMENT_ASSUMED, "scale", "error|finite|element", "lies=(shifted|strided)"),
        row(Defect.INPUT_MODIFIED, "layer_norm", "guards", "layer_norm"),
        row(Defect.NAN_SWALLOWED, "softmax", "finite", "fill=.*nan"),
        row(Defect.ARGMAX_TIE_ORDER, "argmax", "exact", "fill=(equal|ties|zero)|tie"),
        row(Defect.ARGMAX_NAN_LOSES, "argmax", "exact", "nan"),
        row(Defect.TOP_K_TIE_ORDER, "top_k", "exact", "fill=(equal|ties|zero)|tie"),
        row(Defect.SAMPLE_WRONG_WORD, "sample", "interval|draw", "sample"),
        row(Defect.SAMPLE_TOP_P_TOO_SHORT, "sample", "interval|draw", "top_p="),
        row(Defect.PENALTY_COUNTS_ONCE, "penalize", "error|element", "penalize"),
        row(Defect.EMBEDDING_ID_CLAMPED, "embedding", "finite|exact", "ids="),
        row(Defect.BF16_TRUNCATED, "copy", "exact", "y=bf16"),
        row(Defect.CODES_TRUNCATED, "quantize", "exact|bytes", "quantize"),
        row(Defect.UNSYNCHRONISED_STREAM, "contract", "promise", "what=.*(synchron|wait|read|idle)"),
        row(Defect.COPIES_OVERTAKE, "contract", "promise", "what=.*(cop|order|read)"),
        row(Defect.CACHE_CHANGES_OVERTAKE, "contract", "promise", "what=cache_changes_keep_their_turn"),
        row(Defect.UNSTABLE_PLAN, "matmul", "plan", "matmul"),
        row(Defect.UNKNOWN_OPTION_IGNORED, "contract", "promise", "what=option_unknown"),
        row(Defect.MEMORY_NEVER_GIVEN_BACK, "contract", "promise|threw", "what=freed_memory_is_used_again"));
  }

  @ParameterizedTest
  @MethodSource("table")
  void theSuiteCatches(Row row) {
    // With little memory, what is never given back is missed soon.
    List<CaseResult> failed = failed(BackendOptions.none().with("defect", row.defect.label()).with("memory", "64M"), Set.of(row.family));
    assertThat(failed.stream().filter(result -> row.checks.contains(result.check())).map(result -> result.test().line()))
        .as("failures of one of %s in %s; failed at all: %s", row.checks, row.family, failed.stream().limit(SHOWN).map(CaseResult::message).toList())
        .anyMatch(line -> row.telling.matcher(line).find());
  }

  /** Those that end or stop a process, or throw, examined in processes of their own, with the check that names them. */
  private static final Map<Defect, String> OUT_OF_PROCESS = Map.of(Defect.CRASH, "crash", Defect.HANG, "hang", Defect.CLAIM_THAT_THROWS, "threw");

  @ParameterizedTest
  @EnumSource(names = {"CRASH", "HANG", "CLAIM_THAT_THROWS"})
  void oneCaseFailsAndTheOthersAreExamined(Defect defect) {
    List<String> lines = List.of("scale(rows=3)", "softcap(rows=3)", "scale(rows=5)");
    Report report = Validation.of("example").withOptions(BackendOptions.none().with("defect", defect.label()).with("at", "softcap"))
        .withScale(Scale.EMULATED).withCases(lines).withTimeout(Duration.ofSeconds(HANGS_AFTER)).run(_ -> {});
    assertThat(report.results()).extracting(result -> result.test().line(), CaseResult::verdict, CaseResult::check)
        .containsExactlyInAnyOrder(tuple(lines.get(0), Verdict.PASS, ""), tuple(lines.get(1), Verdict.FAIL, OUT_OF_PROCESS.get(defect)),
            tuple(lines.get(2), Verdict.PASS, ""));
  }

  @Test
  void everyDefectIsInTheTable() {
    assertThat(table().map(Row::defect)).containsAll(Arrays.stream(Defect.values()).filter(defect -> defect != Defect.NONE && !OUT_OF_PROCESS.containsKey(defect)).toList());
  }

  @Test
  void theExampleAsItIsPasses() {
    assertThat(failed(BackendOptions.none(), Set.of())).isEmpty();
  }

  private static List<CaseResult> failed(BackendOptions options, Set<String> families) {
    List<CaseResult> failed = new ArrayList<>();
    try (CaseRunner runner = new CaseRunner(new Lab("example", options, Scale.EMULATED), Suite.SEED)) {
      for (TestCase test : Suite.cases(Level.QUICK, Scale.EMULATED, ModelShape.builtIn(), families)) {
        CaseResult result = runner.run(test);
        if (result.verdict() == Verdict.FAIL) {
          failed.add(result);
        }
      }
    }
    return failed;
  }
}
