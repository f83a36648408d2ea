package dev.gatun.tck.cases;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.tck.CaseException;
import dev.gatun.tck.Level;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.Scale;
import dev.gatun.tck.Suite;
import dev.gatun.tck.TestCase;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The cases of attention, rope and caches that there are. */
class AttentionCasesTest {
  private static final Set<String> FAMILIES = Set.of("attention", "kv_append", "kv_cache", "rope");

  private static List<TestCase> cases(Level level, Scale scale, Set<String> families) {
    return Suite.cases(level, scale, ModelShape.builtIn(), families);
  }

  @ParameterizedTest
  @EnumSource(Scale.class)
  void everyLineIsListedOnceAndFindsItsCase(Scale scale) {
    List<TestCase> all = cases(Level.FULL, scale, FAMILIES);
    assertThat(all).doesNotHaveDuplicates().allSatisfy(one -> assertThat(Suite.find(one.line())).isEqualTo(one));
    assertThat(all.stream().map(TestCase::line)).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @EnumSource(Scale.class)
  void levelsHoldThoseBeforeThem(Scale scale) {
    for (String family : FAMILIES) {
      Set<TestCase> quick = new HashSet<>(cases(Level.QUICK, scale, Set.of(family)));
      Set<TestCase> standard = new HashSet<>(cases(Level.STANDARD, scale, Set.of(family)));
      Set<TestCase> full = new HashSet<>(cases(Level.FULL, scale, Set.of(family)));
      assertThat(standard).as(family).containsAll(quick).hasSizeGreaterThan(quick.size());
      assertThat(full).as(family).containsAll(standard);
    }
  }

  @ParameterizedTest
  @CsvSource({"attention, 80, 200, 1000, 1800, 2500, 6000", "kv_append, 40, 80, 300, 700, 400, 900", "rope, 40, 80, 350, 800, 400, 1200",
      "kv_cache, 15, 30, 60, 200, 100, 300"})
  void aLevelIsOfItsSize(String family, int leastQuick, int mostQuick, int leastStandard, int mostStandard, int leastFull, int mostFull) {
    assertThat(cases(Level.QUICK, Scale.DEVICE, Set.of(family))).hasSizeBetween(leastQuick, mostQuick);
    assertThat(cases(Level.STANDARD, Scale.DEVICE, Set.of(family))).hasSizeBetween(leastStandard, mostStandard);
    assertThat(cases(Level.FULL, Scale.DEVICE, Set.of(family))).hasSizeBetween(leastFull, mostFull);
  }

  /** What an emulator can do in a second or so; it runs each case four times over. */
  @Test
  void noEmulatedCaseIsLarge() {
    assertThat(cases(Level.STANDARD, Scale.EMULATED, Set.of("attention"))).allSatisfy(one ->
        assertThat(AttentionStep.of(valuesOf(one)).work()).isLessThan(8_000_000));
  }

  private static Values valuesOf(TestCase one) {
    return new AttentionFamily().values(one, Suite.SEED);
  }

  @Test
  void everyKeptTypeIsQuicklySeenInEveryFamily() {
    for (String family : List.of("attention", "kv_append")) {
      for (String k : List.of("f32", "f16", "bf16", "f8_e4m3", "f8_e5m2", "q8_0")) {
        assertThat(cases(Level.QUICK, Scale.EMULATED, Set.of(family)).stream().map(Suite::column)).as(family).contains(k);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"attention(context=3, tokens=1+1)", "attention(heads=0)", "attention(page=0)", "attention(context=100000000, heads=64)"})
  void whatMakesNoAttentionIsRefusedByName(String line) {
    assertThatThrownBy(() -> {
      Values values = valuesOf(Suite.find(line));
      AttentionStep.of(values).spec(values, values.dtype("k"));
    }).isInstanceOf(CaseException.class).hasMessageContaining("must be").hasMessageStartingWith("attention(");
  }
}
