package dev.gatun.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the levels hold, whatever backend is examined. */
class SuiteListingTest {
  static Stream<String> families() {
    return Suite.families().stream();
  }

  private static List<TestCase> cases(Level level, Scale scale, String family) {
    return Suite.cases(level, scale, ModelShape.builtIn(), Set.of(family));
  }

  @ParameterizedTest
  @MethodSource("families")
  void eachCaseIsFoundByItsLine(String family) {
    for (Scale scale : Scale.values()) {
      for (TestCase test : cases(Level.FULL, scale, family)) {
        assertThat(Suite.find(test.line())).isEqualTo(test).hasToString(test.line());
        assertThat(test.family()).isEqualTo(family);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void noCaseIsListedTwice(String family) {
    for (Scale scale : Scale.values()) {
      assertThat(cases(Level.FULL, scale, family)).extracting(TestCase::line).doesNotHaveDuplicates().isNotEmpty();
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void levelsHoldThoseBeforeThem(String family) {
    for (Scale scale : Scale.values()) {
      Set<TestCase> quick = new HashSet<>(cases(Level.QUICK, scale, family));
      Set<TestCase> standard = new HashSet<>(cases(Level.STANDARD, scale, family));
      assertThat(quick).isNotEmpty();
      assertThat(standard).containsAll(quick);
      assertThat(new HashSet<>(cases(Level.FULL, scale, family))).containsAll(standard);
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void everyCaseHasAColumnAndAGroup(String family) {
    for (TestCase test : cases(Level.FULL, Scale.DEVICE, family)) {
      assertThat(Suite.column(test)).isNotBlank();
    }
    assertThat(cases(Level.FULL, Scale.DEVICE, family).stream().map(Suite::group).collect(Collectors.toSet())).hasSize(1);
  }

  @ParameterizedTest
  @MethodSource("families")
  void theSameListComesAgain(String family) {
    assertThat(cases(Level.STANDARD, Scale.EMULATED, family)).containsExactlyElementsOf(cases(Level.STANDARD, Scale.EMULATED, family));
  }

  @Test
  void anUnknownFamilyIsNamedBesideThoseThereAre() {
    assertThatThrownBy(() -> Suite.find("madd(n=1)")).isInstanceOf(CaseException.class).hasMessageContaining("'madd'")
        .hasMessageContaining("matmul");
    assertThatThrownBy(() -> cases(Level.QUICK, Scale.DEVICE, "madd")).isInstanceOf(CaseException.class);
  }

  @Test
  void anUnknownNameIsRefused() {
    assertThatThrownBy(() -> Suite.find("softmax(m=3)")).isInstanceOf(CaseException.class)
        .hasMessageContaining("softmax has no m; it has rows, n");
  }

  @Test
  void valuesOfTheDefaultAreLeftOut() {
    assertThat(Suite.find("softmax(scale=1.0, n=64, rows=2)")).hasToString("softmax(rows=2)");
  }
}
